import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, CurrentUser, Refuses, Roles, type SignedInUser } from '@repo/http';
import { parseModelVersion } from '@repo/recognition-domain';
import { z } from 'zod';
import { BackboneService } from './backbone.service.js';
import { ModelsService } from './models.service.js';
import { backboneAnswer, modelAnswer, modelReportAnswer, type BackboneAnswer, type ModelAnswer, type ModelReportAnswer } from './wire.js';

@Controller('Models')
@ApiTags('Models')
export class ModelsController {
  constructor(
    private readonly models: ModelsService,
    private readonly backbones: BackboneService,
  ) {}

  @Get()
  @Answers(200, 'Every version, newest first', z.array(modelAnswer))
  list(): Promise<ModelAnswer[]> {
    return this.models.list();
  }

  /** Before `:version`, which would take the word for a version. */
  @Get('backbone')
  @Answers(200, 'What the version in charge was trained on, and what the next training uses', backboneAnswer)
  backbone(): Promise<BackboneAnswer> {
    return this.backbones.inUse();
  }

  /** Classes are the caller's own categories; an administrator sees all. */
  @Get(':version')
  @Answers(200, 'The version with its report by class, confusion matrix and lineage', modelReportAnswer)
  @Refuses('INVALID_INPUT', 'MODEL_NOT_FOUND')
  report(@CurrentUser() user: SignedInUser, @Param('version') version: string): Promise<ModelReportAnswer> {
    return this.models.report(user, parseModelVersion(version));
  }

  /** Back to an earlier version, or forward again; the classifier follows within seconds. */
  @Post(':version/activate')
  @HttpCode(200)
  @Roles('admin')
  @Answers(200, 'The version serves', modelAnswer)
  @Refuses('INVALID_INPUT', 'FORBIDDEN', 'MODEL_NOT_FOUND', 'MODEL_NOT_ACTIVATABLE')
  activate(@CurrentUser() user: SignedInUser, @Param('version') version: string): Promise<ModelAnswer> {
    return this.models.activate(user, parseModelVersion(version));
  }
}
