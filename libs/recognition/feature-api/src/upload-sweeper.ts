import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '@repo/kernel';
import { ClassificationLog } from '@repo/recognition-domain';

const SWEEP_EVERY_MS = 3_600_000;
/** The object store drops its temporary objects after the same time. */
const KEPT_MS = 24 * 3_600_000;

/** Forgets uploads whose objects are gone. */
@Injectable()
export class UploadSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(UploadSweeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: ClassificationLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), SWEEP_EVERY_MS).unref();
    void this.sweep();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      await this.log.purgeUploads(new Date(this.clock.now().getTime() - KEPT_MS));
    } catch (error) {
      this.logger.warn({ msg: 'old uploads could not be forgotten', err: error });
    }
  }
}
