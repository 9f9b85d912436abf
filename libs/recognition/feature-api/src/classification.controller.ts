import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, CurrentUser, Refuses, TakesPhotos, type SignedInUser } from '@repo/http';
import type { z } from 'zod';
import { ClassificationService } from './classification.service.js';
import { classificationAnswer, classifyForm, type ClassificationAnswer } from './wire.js';

/** The documents' spelling, and the right one beside it (X71). */
@Controller(['Clasificar', 'Classificar'])
@ApiTags('Recognition')
export class ClassificationController {
  constructor(private readonly classifications: ClassificationService) {}

  /** What a photo shows, among the caller's categories, and which of their items look most like it. */
  @Post()
  @HttpCode(200)
  @TakesPhotos({ field: 'foto', maxPhotos: 1 })
  @Answers(200, 'What the photo shows', classificationAnswer)
  @Refuses('PHOTO_MISSING', 'PHOTO_EMPTY', 'TOO_MANY_PHOTOS', 'INVALID_INPUT', 'PHOTO_TOO_LARGE', 'PHOTO_TOO_MANY_PIXELS', 'PHOTO_TYPE_UNSUPPORTED', 'PHOTO_ANIMATED', 'PHOTO_UNREADABLE')
  @Refuses('CLASSIFIER_BUSY', 'CLASSIFIER_UNAVAILABLE')
  classify(@CurrentUser() user: SignedInUser, @Body({ schema: classifyForm }) { foto }: z.infer<typeof classifyForm>): Promise<ClassificationAnswer> {
    return this.classifications.classify(user.id, foto);
  }
}
