import { Controller, Get } from '@nestjs/common';
import { servedVersionAnswer } from '@repo/contracts';
import { Answers, ServiceOnly } from '@repo/http';
import { Backbone, describeBackbone } from '@repo/recognition-domain';
import type { z } from 'zod';
import { Serving } from './serving.js';

@Controller('version')
export class VersionController {
  constructor(
    private readonly serving: Serving,
    private readonly backbone: Backbone,
  ) {}

  /** Which version answers new requests, and which backbone was found at the start. */
  @Get()
  @ServiceOnly()
  @Answers(200, 'The version that serves, and the backbone beside it', servedVersionAnswer)
  now(): z.infer<typeof servedVersionAnswer> {
    return { modelVersion: this.serving.now?.version ?? null, backbone: describeBackbone(this.backbone.info) };
  }
}
