import { Controller, Get } from '@nestjs/common';
import { servedVersionAnswer } from '@repo/contracts';
import { Answers, ServiceOnly } from '@repo/http';
import type { z } from 'zod';
import { Serving } from './serving.js';

@Controller('version')
export class VersionController {
  constructor(private readonly serving: Serving) {}

  /** Which version answers new requests. */
  @Get()
  @ServiceOnly()
  @Answers(200, 'The version that serves', servedVersionAnswer)
  now(): z.infer<typeof servedVersionAnswer> {
    return { modelVersion: this.serving.now?.version ?? null };
  }
}
