import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { messages } from '@repo/contracts';
import { Clock, crashPoint, type ItemId, type PhotoId } from '@repo/kernel';
import { MessageBus, type DeadLetter } from '@repo/messaging';
import { ErrorReporter } from '@repo/observability';
import { DeadLetterRepository, type DeadMessage, type LetterId } from '@repo/operations-domain';
import { z } from 'zod';
import { deadLettersCount } from './operations-metrics.js';

const RETRY_MS = 5_000;

const idIn = z.uuid().optional().catch(undefined);
const subject = z.object({ itemId: idIn, fotoId: idIn }).catch({});

/** A message was given up: what people are told. */
class MessageFailedError extends Error {
  override readonly name = 'MessageFailedError';
}

/** Moves dead letters from the broker to where people look for them, and tells somebody: once for each letter. */
@Injectable()
export class DeadLetterWatcher implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('dead-letters');
  private readonly retries = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly bus: MessageBus,
    private readonly letters: DeadLetterRepository,
    private readonly reporter: ErrorReporter,
    private readonly clock: Clock,
  ) {}

  // Beside the start, not before it: without a watcher the letters stay with the broker, and all else goes on.
  onApplicationBootstrap(): void {
    for (const queue of new Set(messages.map((message) => message.queue))) {
      void this.watch(queue);
    }
  }

  onModuleDestroy(): void {
    this.retries.forEach((timer) => clearTimeout(timer));
  }

  /** Keeps a letter. Handed over again, by whomever, it changes nothing and alarms nobody. Throws TemporaryError. */
  async keep(letter: DeadLetter): Promise<void> {
    const message = deadMessage(letter, this.clock.now());
    const { letterId, queue, messageId, messageName, cause, reason, attempt, itemId, photoId } = message;
    const alarm = `Message failed ${attempt}x: ${messageName ?? 'unreadable'} in ${queue}`;
    await this.letters.keep(message, alarm);
    crashPoint('dead-letter.kept');
    // Not by whether it was new: the process that kept it may have died before it could tell.
    if (await this.letters.claimAlarm(letterId, this.clock.now())) {
      deadLettersCount.inc({ queue, cause });
      this.reporter.report(new MessageFailedError(alarm), { itemId, fotoId: photoId, attempt, queue, cause, reason, messageName, messageId, letterId });
    }
  }

  private async watch(queue: string): Promise<void> {
    try {
      await this.bus.watchDeadLetters(queue, (letter) => this.keep(letter));
    } catch (error) {
      this.logger.warn({ msg: 'dead letters can not be watched yet', queue, err: error });
      this.retries.set(queue, setTimeout(() => void this.watch(queue), RETRY_MS).unref());
    }
  }
}

function deadMessage({ letterId, queue, envelope, cause, reason, attempt, history, text }: DeadLetter, now: Date): DeadMessage {
  const { itemId, fotoId } = subject.parse(envelope?.body);
  return {
    ...{ letterId: letterId as LetterId, queue, cause, reason, attempt, history, text },
    messageId: envelope?.messageId,
    messageName: envelope?.name,
    deadAt: deathOf({ attempt, history }, now),
    itemId: itemId as ItemId | undefined,
    photoId: fotoId as PhotoId | undefined,
  };
}

/** When its last attempt failed; unknown of an attempt that ended with its process. */
function deathOf({ attempt, history }: Pick<DeadLetter, 'attempt' | 'history'>, now: Date): Date {
  const failedAt = Date.parse(history.find((failed) => failed.attempt === attempt)?.failedAt ?? '');
  return failedAt > 0 && failedAt < now.getTime() ? new Date(failedAt) : now;
}
