import { Logger } from '@nestjs/common';

/**
 * Does something again and again: `everyMs` after it ended, or at once when it answered true.
 * What it throws is logged, the first time of a series, and does not end it.
 */
export class Repeating {
  private readonly logger = new Logger('Repeating');
  private isStopped = false;
  private isFailing = false;
  private endPause: () => void = () => {};
  private readonly running: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly work: () => Promise<boolean | void>,
  ) {
    this.running = this.run();
  }

  /** Resolves when what is being done has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.endPause();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      if (!(await this.try())) {
        await this.pause();
      }
    }
  }

  private async try(): Promise<boolean> {
    try {
      const again = await this.work();
      if (this.isFailing) {
        this.logger.log({ msg: `${this.name}: works again` });
      }
      this.isFailing = false;
      return again === true;
    } catch (error) {
      if (!this.isFailing) {
        this.logger.warn({ msg: `${this.name}: failed, trying on`, err: error });
      }
      this.isFailing = true;
      return false;
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isStopped) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, this.everyMs);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
