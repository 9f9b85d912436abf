import {
  PhotoRenderer,
  PhotoUnreadableError,
  RenderCrashedError,
  RenderTimeoutError,
  type RenderedPhoto,
  type RenderOrder,
  type VariantFormat,
} from '@repo/augmentation-domain';
import { builtFile, TemporaryError } from '@repo/kernel';
import { ImageProcess, ProcessEndedError } from './image.process.js';
import type { RenderReply } from './render-work.js';

export interface ImageProcessPoolOptions {
  /** Processes at most; each renders one photo at a time. */
  workers: number;
  format: VariantFormat;
  /** A photo that takes longer costs its process its life. */
  deadlineMs?: number;
  /** A process without work ends after this time, to give its memory back. */
  idleMs?: number;
  /** Compiled module that speaks the worker's messages. */
  workerFile?: string;
}

/** Renders photos in child processes, started when there is work: whatever a picture does to a native decoder, this process lives on. */
export class ImageProcessPool extends PhotoRenderer {
  private readonly workers: number;
  private readonly format: VariantFormat;
  private readonly deadlineMs: number;
  private readonly idleMs: number;
  private readonly workerFile: string;
  private readonly running = new Set<ImageProcess>();
  private readonly idle = new Map<ImageProcess, NodeJS.Timeout>();
  private readonly waiting: (() => void)[] = [];
  private isClosed = false;

  constructor({ workers, format, deadlineMs = 30_000, idleMs = 60_000, workerFile }: ImageProcessPoolOptions) {
    super();
    this.workers = workers;
    this.format = format;
    this.deadlineMs = deadlineMs;
    this.idleMs = idleMs;
    this.workerFile = workerFile ?? builtFile(import.meta.url, './render.worker.js');
  }

  override async render(photo: Buffer, order: RenderOrder): Promise<RenderedPhoto> {
    const askedAt = performance.now();
    const process = await this.take();
    const wait = performance.now() - askedAt;
    try {
      const reply = await process.render(photo, { order, format: this.format }, this.deadlineMs);
      return this.read(reply, order, wait);
    } catch (error) {
      throw error instanceof ProcessEndedError ? this.blame(error, order) : error;
    } finally {
      this.release(process);
    }
  }

  /** Photos that wait are refused with a TemporaryError, those in work end with their processes. */
  close(): void {
    this.isClosed = true;
    this.waiting.splice(0).forEach((wake) => wake());
    this.idle.forEach((timer) => clearTimeout(timer));
    this.running.forEach((process) => process.stop());
  }

  private read(reply: RenderReply, { photoId }: RenderOrder, wait: number): RenderedPhoto {
    switch (reply.kind) {
      case 'rendered': {
        const { stagesMs, ...rendering } = reply.rendering;
        return { ...rendering, stagesMs: { wait, ...stagesMs }, workerMemoryBytes: reply.memoryBytes };
      }
      case 'undecodable':
        throw new PhotoUnreadableError(photoId, reply.reason);
      case 'failed':
        throw new Error(`Photo ${photoId} could not be rendered: ${reply.reason}`);
    }
  }

  private blame({ wasTooSlow, how }: ProcessEndedError, { photoId }: RenderOrder): TemporaryError {
    return wasTooSlow ? new RenderTimeoutError(photoId, this.deadlineMs) : new RenderCrashedError(photoId, how);
  }

  /** A process for the caller alone: an idle one, a new one, or the next that becomes free. */
  private async take(): Promise<ImageProcess> {
    for (;;) {
      if (this.isClosed) {
        throw new TemporaryError('The image processes are being stopped');
      }
      const [rested] = this.idle.keys();
      if (rested) {
        clearTimeout(this.idle.get(rested));
        this.idle.delete(rested);
        return rested;
      }
      if (this.running.size < this.workers) {
        return this.start();
      }
      await new Promise<void>((wake) => this.waiting.push(wake));
    }
  }

  private release(process: ImageProcess): void {
    if (this.running.has(process)) {
      this.idle.set(process, setTimeout(() => this.retire(process), this.idleMs).unref());
    }
    this.waiting.shift()?.();
  }

  private start(): ImageProcess {
    const process: ImageProcess = new ImageProcess(this.workerFile, () => this.retire(process));
    this.running.add(process);
    return process;
  }

  private retire(process: ImageProcess): void {
    this.running.delete(process);
    clearTimeout(this.idle.get(process));
    this.idle.delete(process);
    process.stop();
  }
}
