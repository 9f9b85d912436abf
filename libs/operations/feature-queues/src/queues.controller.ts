import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Answers, CurrentUser, Refuses, Roles, type SignedInUser } from '@repo/http';
import { InvalidInputError, parseId } from '@repo/kernel';
import type { LetterId } from '@repo/operations-domain';
import { z } from 'zod';
import { DeadLettersService } from './dead-letters.service.js';
import { answerGroup, answerLetter, answerQueue, discardQuery, groupAnswer, groupReplayAnswer, groupReplayBody, letterAnswer, queueAnswer, replayAnswer, replayBody, type GroupAnswer, type LetterAnswer, type QueueAnswer } from './wire.js';

@Controller('Queues')
@ApiTags('Queues')
@Roles('admin')
@Refuses('FORBIDDEN')
export class QueuesController {
  constructor(private readonly letters: DeadLettersService) {}

  @Get()
  @Answers(200, 'Every queue', z.array(queueAnswer))
  async list(): Promise<QueueAnswer[]> {
    return (await this.letters.queues()).map(answerQueue);
  }

  /** Those groups first that grew last; at most 100 groups. */
  @Get(':queue/dead')
  @Answers(200, 'The open dead letters of the queue, grouped by what went wrong', z.array(groupAnswer))
  @Refuses('QUEUE_NOT_FOUND')
  async groups(@Param('queue') queue: string): Promise<GroupAnswer[]> {
    return (await this.letters.groups(queue)).map(answerGroup);
  }

  @Get(':queue/dead/:letterId')
  @Answers(200, 'The dead letter with everything that is known about it', letterAnswer)
  @Refuses('INVALID_INPUT', 'QUEUE_NOT_FOUND', 'DEAD_LETTER_NOT_FOUND')
  async get(@Param('queue') queue: string, @Param('letterId') letterId: string): Promise<LetterAnswer> {
    const { letter, rounds } = await this.letters.get(queue, parseId<LetterId>(letterId));
    return answerLetter(letter, rounds);
  }

  /** What is open in the group now, in the order in which the messages were first sent; at most 10,000 letters. */
  @Post(':queue/dead/replay')
  @HttpCode(200)
  @Answers(200, 'The messages of the group are sent again, with all their attempts', groupReplayAnswer)
  @Refuses('INVALID_INPUT', 'QUEUE_NOT_FOUND')
  replayGroup(
    @CurrentUser() user: SignedInUser,
    @Param('queue') queue: string,
    @Body({ schema: groupReplayBody }) { groupKey, why }: z.infer<typeof groupReplayBody>,
  ): Promise<z.infer<typeof groupReplayAnswer>> {
    return this.letters.replayGroup(user, queue, groupKey, why);
  }

  /** With `body`, that is sent instead of the letter's own; the letter stays as it is, and leads to the new message. */
  @Post(':queue/dead/:letterId/replay')
  @HttpCode(200)
  @ApiBody({ required: false, schema: { type: 'object', properties: { body: { type: 'object' }, why: { type: 'string', maxLength: 400 } } } })
  @Answers(200, 'The message is sent again, with all its attempts', replayAnswer)
  @Refuses('INVALID_INPUT', 'QUEUE_NOT_FOUND', 'DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_REPLAYED')
  async replay(
    @CurrentUser() user: SignedInUser,
    @Param('queue') queue: string,
    @Param('letterId') letterId: string,
    @Body() body: unknown,
  ): Promise<z.infer<typeof replayAnswer>> {
    return { messageId: await this.letters.replay(user, queue, parseId<LetterId>(letterId), readReplay(body)) };
  }

  @Delete(':queue/dead/:letterId')
  @HttpCode(204)
  @Answers(204, 'The letter is done with; it can still be read')
  @Refuses('INVALID_INPUT', 'QUEUE_NOT_FOUND', 'DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_REPLAYED')
  async discard(
    @CurrentUser() user: SignedInUser,
    @Param('queue') queue: string,
    @Param('letterId') letterId: string,
    @Query({ schema: discardQuery }) { why }: z.infer<typeof discardQuery>,
  ): Promise<void> {
    await this.letters.discard(user, queue, parseId<LetterId>(letterId), why);
  }
}

function readReplay(body: unknown): z.infer<typeof replayBody> {
  const read = replayBody.safeParse(body ?? {});
  if (!read.success) {
    throw new InvalidInputError(z.prettifyError(read.error));
  }
  return read.data;
}
