import { TemporaryError } from '@repo/kernel';
import { WorkerProcess } from './worker-process.js';

export interface ProcessPoolOptions {
  /** What the processes do, for messages to people: `decode photos`. */
  purpose: string;
  /** Compiled module that calls `answerOrders`. */
  workerFile: string;
  /** Processes at most, started when there is work; each works on one order at a time. */
  processes: number;
  /** An order that takes longer costs its process its life. */
  deadlineMs: number;
  /** A process without work ends after this time, to give its memory back. */
  idleMs: number;
  /** This many stay all the same. */
  keepWarm?: number;
  /** Beyond this many waiting orders the pool says so instead of letting them wait. */
  maxWaiting?: number;
}

export interface Answered<Answer> {
  answer: Answer;
  /** Until a process took the order, in milliseconds. */
  waitMs: number;
}

interface Job<Order, Answer> {
  bytes: Buffer;
  order: Order;
  isUrgent: boolean;
  askedAt: number;
  resolve: (answered: Answered<Answer>) => void;
  reject: (error: unknown) => void;
}

/** Has native code work on strangers' bytes in child processes: whatever they do to it, this process lives on. */
export class ProcessPool<Order, Answer> {
  private readonly options: Required<ProcessPoolOptions>;
  private readonly running = new Set<WorkerProcess<Order, Answer>>();
  private readonly idle = new Map<WorkerProcess<Order, Answer>, NodeJS.Timeout>();
  private readonly waiting: Job<Order, Answer>[] = [];
  private isClosed = false;

  constructor(options: ProcessPoolOptions) {
    this.options = { keepWarm: 0, maxWaiting: Infinity, ...options };
  }

  /**
   * Hands bytes and what to do with them to the next free process. Urgent orders go before the others that wait.
   * Throws ProcessEndedError when the process dies over them, TemporaryError when too many wait or the pool closes,
   * and an Error with the worker's words when its code fails.
   */
  async work(bytes: Buffer, order: Order, { isUrgent = false } = {}): Promise<Answered<Answer>> {
    const { purpose, maxWaiting } = this.options;
    if (this.isClosed) {
      throw this.closed();
    }
    if (this.waiting.length >= maxWaiting) {
      throw new TemporaryError(`Too much waits for the processes that ${purpose}`);
    }
    return new Promise((resolve, reject) => {
      const firstInNoHurry = isUrgent ? this.waiting.findIndex((job) => !job.isUrgent) : -1;
      const place = firstInNoHurry < 0 ? this.waiting.length : firstInNoHurry;
      this.waiting.splice(place, 0, { bytes, order, isUrgent, askedAt: performance.now(), resolve, reject });
      this.dispatch();
    });
  }

  /** Starts the first process, so that the first order need not wait for it. Throws ProcessEndedError when it can't start. */
  async warmUp(): Promise<void> {
    if (this.running.size === 0) {
      const process = this.start();
      this.rest(process);
      await process.started;
    }
  }

  /** Orders that wait are refused with a TemporaryError; those in work are finished, or end with their processes. */
  close({ finishWork }: { finishWork: boolean }): void {
    this.isClosed = true;
    this.waiting.splice(0).forEach(({ reject }) => reject(this.closed()));
    [...(finishWork ? this.idle.keys() : this.running)].forEach((process) => this.drop(process));
  }

  private dispatch(): void {
    while (this.waiting.length > 0) {
      const process = this.takeIdle() ?? (this.running.size < this.options.processes ? this.start() : undefined);
      if (!process) {
        return;
      }
      void this.workOn(this.waiting.shift()!, process);
    }
  }

  private async workOn({ bytes, order, askedAt, resolve, reject }: Job<Order, Answer>, process: WorkerProcess<Order, Answer>): Promise<void> {
    const waitMs = performance.now() - askedAt;
    try {
      resolve({ answer: await process.work(bytes, order), waitMs });
    } catch (error) {
      reject(error);
    }
    this.rest(process);
    this.dispatch();
  }

  /** The one that worked last: the others may reach the end of their idle time. */
  private takeIdle(): WorkerProcess<Order, Answer> | undefined {
    const process = [...this.idle.keys()].at(-1);
    if (process) {
      clearTimeout(this.idle.get(process));
      this.idle.delete(process);
    }
    return process;
  }

  private rest(process: WorkerProcess<Order, Answer>): void {
    if (this.isClosed) {
      this.drop(process);
    } else if (this.running.has(process)) {
      this.idle.set(process, setTimeout(() => this.retire(process), this.options.idleMs).unref());
    }
  }

  private retire(process: WorkerProcess<Order, Answer>): void {
    if (this.running.size > this.options.keepWarm) {
      this.drop(process);
    }
  }

  private start(): WorkerProcess<Order, Answer> {
    const { workerFile, deadlineMs } = this.options;
    const process: WorkerProcess<Order, Answer> = new WorkerProcess(workerFile, deadlineMs, () => this.drop(process));
    this.running.add(process);
    return process;
  }

  private drop(process: WorkerProcess<Order, Answer>): void {
    this.running.delete(process);
    clearTimeout(this.idle.get(process));
    this.idle.delete(process);
    process.stop();
  }

  private closed(): TemporaryError {
    return new TemporaryError(`The processes that ${this.options.purpose} are being stopped`);
  }
}
