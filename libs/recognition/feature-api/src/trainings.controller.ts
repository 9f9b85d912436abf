import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Answers, CurrentUser, Refuses, type SignedInUser } from '@repo/http';
import { InvalidInputError, parseId, type TrainingRunId } from '@repo/kernel';
import type { Response } from 'express';
import { z } from 'zod';
import { sendEvents } from './server-events.js';
import { TrainingWatchService } from './training-watch.service.js';
import { TrainingsService } from './trainings.service.js';
import { queuedAnswer, trainingAnswer, trainingBody, type TrainingAnswer } from './wire.js';

@Controller('Training')
@ApiTags('Training')
export class TrainingsController {
  constructor(
    private readonly trainings: TrainingsService,
    private readonly watching: TrainingWatchService,
  ) {}

  /** Queues a training; it waits for the variants of the photos that were stored before. Without a body there is no motive. */
  @Post()
  @HttpCode(202)
  @ApiBody({ required: false, schema: { type: 'object', properties: { motivo: { type: 'string', maxLength: 200 } } } })
  @Answers(202, 'The training is queued', queuedAnswer)
  @Refuses('INVALID_INPUT')
  async request(@CurrentUser() user: SignedInUser, @Body() body: unknown, @Res({ passthrough: true }) response: Response): Promise<z.infer<typeof queuedAnswer>> {
    const { motivo } = readBody(body);
    const { id } = await this.trainings.request(user, motivo);
    response.location(`${response.req.path}/${id}`);
    return { id };
  }

  @Get()
  @Answers(200, 'The last 100 trainings, newest first', z.array(trainingAnswer))
  list(@CurrentUser() user: SignedInUser): Promise<TrainingAnswer[]> {
    return this.trainings.list(user);
  }

  @Get(':id')
  @Answers(200, 'The training', trainingAnswer)
  @Refuses('TRAINING_NOT_FOUND')
  get(@CurrentUser() user: SignedInUser, @Param('id') id: string): Promise<TrainingAnswer> {
    return this.trainings.get(user, parseId<TrainingRunId>(id));
  }

  /** Server-sent events: the training as it is now, then each time that it changes, to its end. */
  @Get(':id/events')
  @ApiProduces('text/event-stream')
  @Answers(200, 'Each event holds the training', trainingAnswer)
  @Refuses('TRAINING_NOT_FOUND')
  async events(@CurrentUser() user: SignedInUser, @Param('id') text: string, @Res() response: Response): Promise<void> {
    const id = parseId<TrainingRunId>(text);
    await this.trainings.get(user, id); // while an error can still be answered
    await sendEvents(response, (signal) => this.watching.watch(user, id, signal));
  }

  /** Who asked for a training may cancel it, and an administrator any. */
  @Delete(':id')
  @Answers(200, 'The training is cancelled', trainingAnswer)
  @Refuses('TRAINING_NOT_FOUND', 'TRAINING_FINISHED', 'FORBIDDEN')
  cancel(@CurrentUser() user: SignedInUser, @Param('id') id: string): Promise<TrainingAnswer> {
    return this.trainings.cancel(user, parseId<TrainingRunId>(id));
  }
}

function readBody(body: unknown): z.infer<typeof trainingBody> {
  const read = trainingBody.safeParse(body ?? {});
  if (!read.success) {
    throw new InvalidInputError(z.prettifyError(read.error));
  }
  return read.data;
}
