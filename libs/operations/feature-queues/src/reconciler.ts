import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { imageAugmentations, photoRemovals } from '@repo/contracts';
import { Clock, type PhotoId } from '@repo/kernel';
import { MessageBus, OutboxRelay } from '@repo/messaging';
import { judgeAugmentation, judgeRemoval, SentMessageLog, type MessageTraces, type Verdict } from '@repo/operations-domain';
import { z } from 'zod';
import { sentAgainCount } from './operations-metrics.js';
import { OperationsSettings } from './operations-settings.js';

const PAGE = 200;
/** Sent messages and the marks of deleted photos are kept for 7 days: of what is older nothing can be told. */
const OLDEST_MS = 5 * 24 * 3_600_000;
/** Who marks a message as sent does it by another clock than ours. */
const OVERLAP_MS = 600_000;

interface Watched {
  readonly name: string;
  readonly queue: string;
  readonly judge: (traces: MessageTraces) => Verdict;
}

const watched: readonly Watched[] = [
  { ...imageAugmentations, judge: judgeAugmentation },
  { ...photoRemovals, judge: judgeRemoval },
];

const aboutPhoto = z.object({ fotoId: z.uuid() });

interface Progress {
  /** The last look found nothing in the queue. */
  wasQuiet: boolean;
  /** All that was sent before has had its effect or its end. */
  settledUntil: Date;
}

/**
 * The broker is never the only copy: what was sent long ago and has left no trace, while the queue is empty, is
 * sent again. Several processes may look at once: each message is sent again by one of them.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('reconciler');
  private readonly progress = new Map<string, Progress>();
  private timer?: NodeJS.Timeout;
  private looking?: Promise<void>;

  constructor(
    private readonly settings: OperationsSettings,
    private readonly sent: SentMessageLog,
    private readonly bus: MessageBus,
    private readonly relay: OutboxRelay,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), this.settings.lostAfterMs / 2).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** One look at every queue; another that is under way is this one. Never throws: what fails now is tried at the next. */
  look(): Promise<void> {
    this.looking ??= this.lookAtAll().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookAtAll(): Promise<void> {
    for (const one of watched) {
      await this.lookAt(one).catch((error: unknown) => {
        this.logger.warn({ msg: 'lost messages could not be looked for', queue: one.queue, err: error });
      });
    }
  }

  private async lookAt(one: Watched): Promise<void> {
    const now = this.clock.now().getTime();
    const { wasQuiet, settledUntil } = this.progress.get(one.queue) ?? { wasQuiet: false, settledUntil: new Date(0) };
    const isQuiet = await this.isQuiet(one.queue);
    this.progress.set(one.queue, { wasQuiet: isQuiet, settledUntil });
    // What waits is not lost, however long; and what was taken a moment ago has left no trace yet.
    if (isQuiet && wasQuiet) {
      const from = new Date(Math.max(now - OLDEST_MS, settledUntil.getTime() - OVERLAP_MS));
      const settled = await this.sendLost(one, { from, until: new Date(now - this.settings.lostAfterMs) });
      this.progress.set(one.queue, { wasQuiet: true, settledUntil: settled });
    }
  }

  private async isQuiet(queue: string): Promise<boolean> {
    const { waiting, dead } = await this.bus.depth(queue);
    return waiting === 0 && dead === 0;
  }

  /** Answers up to when all is settled. */
  private async sendLost({ name, queue, judge }: Watched, range: { from: Date; until: Date }): Promise<Date> {
    let firstRunning: Date | undefined;
    let count = 0;
    for (let page = await this.sent.page(name, range, PAGE); page.length > 0; page = await this.sent.page(name, range, PAGE, page.at(-1))) {
      const asked = page.map(({ messageId, body }) => ({ messageId, photoId: photoIdIn(body) }));
      const verdicts = (await this.sent.tracesOf(asked)).map(judge);
      const lost = page.filter((_, index) => verdicts[index] === 'lost');
      firstRunning ??= page[verdicts.indexOf('running')]?.sentAt;
      count += await this.sent.sendAgain(lost, this.clock.now());
    }
    if (count > 0) {
      this.relay.wake();
      sentAgainCount.inc({ queue }, count);
      this.logger.warn({ msg: 'messages without a trace were sent again', queue, count });
    }
    return firstRunning ?? range.until;
  }
}

/** Messages are written by their schemas: each names its photo. */
function photoIdIn(body: string): PhotoId {
  return aboutPhoto.parse(JSON.parse(body)).fotoId as PhotoId;
}
