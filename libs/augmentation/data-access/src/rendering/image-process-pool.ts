import {
  PhotoRenderer,
  PhotoUnreadableError,
  RenderCrashedError,
  RenderTimeoutError,
  type RenderedPhoto,
  type RenderOrder,
  type VariantFormat,
} from '@repo/augmentation-domain';
import { builtFile, type TemporaryError } from '@repo/kernel';
import { ProcessEndedError, ProcessPool, type Answered } from '@repo/processes';
import type { RenderReply, RenderWork } from './render-work.js';

export interface ImageProcessPoolOptions {
  /** Processes at most; each renders one photo at a time. */
  workers: number;
  format: VariantFormat;
  /** A photo that takes longer costs its process its life. */
  deadlineMs?: number;
  /** A process without work ends after this time, to give its memory back. */
  idleMs?: number;
  /** Compiled module that does what `render.worker` does. */
  workerFile?: string;
  /** For tests: a crash point as for `armCrashPoint`. The process that gets the first photo is armed; those after it are not. */
  crashAt?: string | undefined;
}

/** Renders photos in child processes, started when there is work: whatever a picture does to a native decoder, this process lives on. */
export class ImageProcessPool extends PhotoRenderer {
  private readonly format: VariantFormat;
  private readonly deadlineMs: number;
  private readonly processes: ProcessPool<RenderWork, RenderReply>;
  private crashAt: string | undefined;

  constructor({ workers, format, deadlineMs = 30_000, idleMs = 60_000, workerFile = builtFile(import.meta.url, './render.worker.js'), crashAt }: ImageProcessPoolOptions) {
    super();
    this.format = format;
    this.deadlineMs = deadlineMs;
    this.crashAt = crashAt;
    this.processes = new ProcessPool({ purpose: 'render photos', workerFile, processes: workers, deadlineMs, idleMs });
  }

  override async render(photo: Buffer, order: RenderOrder): Promise<RenderedPhoto> {
    const work = { ...order, format: this.format, crashAt: this.crashAt };
    this.crashAt = undefined;
    try {
      return this.read(await this.processes.work(photo, work), order);
    } catch (error) {
      throw error instanceof ProcessEndedError ? this.blame(error, order) : error;
    }
  }

  /** Photos that wait are refused with a TemporaryError, those in work end with their processes. */
  close(): void {
    this.processes.close({ finishWork: false });
  }

  private read({ answer, waitMs }: Answered<RenderReply>, { photoId }: RenderOrder): RenderedPhoto {
    switch (answer.kind) {
      case 'rendered': {
        const { stagesMs, ...rendering } = answer.rendering;
        return { ...rendering, stagesMs: { wait: waitMs, ...stagesMs }, workerMemoryBytes: answer.memoryBytes };
      }
      case 'undecodable':
        throw new PhotoUnreadableError(photoId, answer.reason);
    }
  }

  private blame({ why, how }: ProcessEndedError, { photoId }: RenderOrder): TemporaryError {
    return why === 'too slow' ? new RenderTimeoutError(photoId, this.deadlineMs) : new RenderCrashedError(photoId, how);
  }
}
