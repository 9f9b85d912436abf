import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { classifyAnswer, classifyRequest, type ClassifyAnswer, type ClassifyRequest } from '@repo/contracts';
import { Answers, Refuses, ServiceOnly } from '@repo/http';
import { ClassifyService } from './classify.service.js';

@Controller('classify')
export class ClassifyController {
  constructor(private readonly service: ClassifyService) {}

  /** What an uploaded photo shows, and which items look most like it. */
  @Post()
  @HttpCode(200)
  @ServiceOnly()
  @Answers(200, 'What the photo shows', classifyAnswer)
  @Refuses('OBJECT_NOT_FOUND', 'PHOTO_UNREADABLE', 'CLASSIFIER_BUSY', 'TEMPORARILY_UNAVAILABLE')
  classify(@Body({ schema: classifyRequest }) request: ClassifyRequest): Promise<ClassifyAnswer> {
    return this.service.classify(request);
  }
}
