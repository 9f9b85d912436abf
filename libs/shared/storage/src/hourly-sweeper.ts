import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

const sweepEveryMs = 3_600_000;

/** Clears out old temporary objects at the start and every hour. */
export class HourlySweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('objects');
  private timer?: NodeJS.Timeout;

  constructor(private readonly sweep: () => Promise<void>) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.run(), sweepEveryMs).unref();
    this.run();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private run(): void {
    this.sweep().catch((error: unknown) => this.logger.warn({ msg: 'old temporary objects could not be removed', err: error }));
  }
}
