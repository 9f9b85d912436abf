import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, Refuses, Roles } from '@repo/http';
import type { z } from 'zod';
import { OriginalsSweeper } from './originals.sweeper.js';
import { sweepAnswer, sweepBody } from './wire.js';

/** Missing photos that an answer names. */
const NAMED = 100;

@Controller('Storage')
@ApiTags('Storage')
@Roles('admin')
@Refuses('FORBIDDEN')
export class StorageController {
  constructor(private readonly originals: OriginalsSweeper) {}

  /** What each hour does by itself, unless it finds more originals without a row than with one. Takes a second for some thousand photos. */
  @Post('sweep')
  @HttpCode(200)
  @Answers(200, 'Stored photos and their rows are compared, and what no row knows is removed if really wanted', sweepAnswer)
  @Refuses('INVALID_INPUT')
  async sweep(@Body({ schema: sweepBody }) { really }: z.infer<typeof sweepBody>): Promise<z.infer<typeof sweepAnswer>> {
    const { orphans, removed, missing } = await this.originals.sweep({ really });
    return { orphans, removed, missing: missing.length, photos: missing.slice(0, NAMED).map(({ id, objectKey }) => ({ fotoId: id, caminho: objectKey })) };
  }
}
