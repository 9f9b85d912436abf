import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, Refuses, Roles } from '@repo/http';
import { decodeErrorCursor, encodeErrorCursor, ErrorLogRepository } from '@repo/operations-domain';
import type { Response } from 'express';
import { z } from 'zod';
import { answerLoggedError, errorAnswer, errorListQuery, type ErrorAnswer } from './wire.js';

@Controller('Errors')
@ApiTags('Errors')
@Roles('admin')
@Refuses('FORBIDDEN')
export class ErrorsController {
  constructor(private readonly errors: ErrorLogRepository) {}

  /** Newest first. The header `Link` leads to the next page. */
  @Get()
  @Answers(200, 'What went wrong for good', z.array(errorAnswer))
  @Refuses('INVALID_INPUT')
  async list(@Query({ schema: errorListQuery }) { limit, cursor }: z.infer<typeof errorListQuery>, @Res({ passthrough: true }) response: Response): Promise<ErrorAnswer[]> {
    // One more than asked for tells whether there is another page.
    const found = await this.errors.page(limit + 1, cursor ? decodeErrorCursor(cursor) : undefined);
    const page = found.slice(0, limit);
    if (found.length > limit) {
      response.links({ next: `${response.req.path}?limit=${limit}&cursor=${encodeErrorCursor(page.at(-1)!)}` });
    }
    return page.map(answerLoggedError);
  }
}
