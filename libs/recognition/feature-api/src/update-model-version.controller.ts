import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { updateModelVersionAnswer, updateModelVersionRequest } from '@repo/contracts';
import { Answers, Refuses, ServiceOnly } from '@repo/http';
import type { z } from 'zod';
import { ModelsService } from './models.service.js';

@Controller('UpdateModelVersion')
@ApiTags('Models')
export class UpdateModelVersionController {
  constructor(private readonly models: ModelsService) {}

  /** For the training service: registers a version and lets it through the quality gate, or not. Repeating it changes nothing. */
  @Post()
  @HttpCode(200)
  @ServiceOnly()
  @Answers(200, 'What became of the version', updateModelVersionAnswer)
  @Refuses('INVALID_INPUT', 'MODEL_NOT_FOUND', 'MODEL_FILES_INVALID')
  async announce(@Body({ schema: updateModelVersionRequest }) { modelPath, embeddings }: z.infer<typeof updateModelVersionRequest>): Promise<z.infer<typeof updateModelVersionAnswer>> {
    const { version, state, reason } = await this.models.announce(modelPath, embeddings);
    return { version, state, reason: reason ?? null };
  }
}
