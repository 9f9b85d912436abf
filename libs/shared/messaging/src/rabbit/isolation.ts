import { setTimeout as sleep } from 'node:timers/promises';
import { Quarantine } from '../quarantine.js';

/** Suspects follow each other at once: others wait a moment longer for all of them, instead of for each. */
const lingerMs = 100;

/** A consumer that can be told to take no messages for a while. */
export interface Pausable {
  /** Resolves when no more messages come. */
  pause(): Promise<void>;
  resume(): void;
}

/** Lets suspects run one after the other, alone in this process: every consumer stops taking messages, and ends what it has. */
export class Isolation {
  private readonly quarantine = new Quarantine(() => undefined);
  private readonly consumers = new Set<Pausable>();
  private last: Promise<unknown> = Promise.resolve();
  private suspects = 0;

  join(consumer: Pausable): void {
    this.consumers.add(consumer);
  }

  part(consumer: Pausable): void {
    this.consumers.delete(consumer);
  }

  /** Work that suspects have to wait for. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.quarantine.during(work);
  }

  /** Runs `work` when it is its turn and everything else has ended. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    this.suspects++;
    const turn = this.last.then(() => this.runAlone(work));
    this.last = turn.catch(() => undefined);
    void this.last.then(() => this.goOn());
    return turn;
  }

  private async runAlone<T>(work: () => Promise<T>): Promise<T> {
    await Promise.all([...this.consumers].map((consumer) => consumer.pause()));
    let result: Promise<T> | undefined;
    await this.quarantine.alone(async () => {
      result = work();
      await result;
    });
    return result!;
  }

  private async goOn(): Promise<void> {
    await sleep(lingerMs);
    if (--this.suspects === 0) {
      this.consumers.forEach((consumer) => consumer.resume());
    }
  }
}
