import { builtFile, TemporaryError, type DomainError } from '@repo/kernel';
import { ProcessEndedError, ProcessPool } from '@repo/processes';
import { describeUnsupported, isAnimated, photoTypes, recogniseFormat, type PhotoFormat } from './photo-format.js';
import {
  defaultPhotoLimits,
  PhotoAnimatedError,
  PhotoEmptyError,
  PhotoGate,
  PhotoTooLargeError,
  PhotoTooManyPixelsError,
  PhotoTypeUnsupportedError,
  PhotoUnreadableError,
  type AcceptedPhoto,
  type PhotoLimits,
} from './photo-gate.js';
import type { PhotoOrder, PhotoVerdict } from './photo-work.js';

export interface ProcessPhotoGateOptions {
  limits?: Partial<PhotoLimits>;
  /** Child processes at most; the first stays warm, the others end after half a minute without work. */
  processes?: number;
  /** A photo that takes longer to decode is refused. */
  deadlineMs?: number;
  /** Compiled module that does what `photo.worker` does. */
  workerFile?: string;
}

/** Beyond this many waiting photos the gate says so instead of letting them wait. */
const MAX_WAITING = 200;
const IDLE_MS = 30_000;

/** Decodes strangers' bytes in child processes: whatever a picture does to a native decoder, the API lives on. */
export class ProcessPhotoGate extends PhotoGate {
  private readonly limits: PhotoLimits;
  private readonly deadlineMs: number;
  private readonly processes: ProcessPool<PhotoOrder, PhotoVerdict>;

  constructor({ limits, processes = 2, deadlineMs = 20_000, workerFile = builtFile(import.meta.url, './photo.worker.js') }: ProcessPhotoGateOptions = {}) {
    super();
    this.limits = { ...defaultPhotoLimits, ...limits };
    this.deadlineMs = deadlineMs;
    this.processes = new ProcessPool({ purpose: 'decode photos', workerFile, processes, deadlineMs, idleMs: IDLE_MS, keepWarm: 1, maxWaiting: MAX_WAITING });
  }

  override async accept(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto> {
    const format = this.checkBytes(bytes, limits);
    return { ...(await this.decode('keep', bytes, limits)), ...photoTypes[format] };
  }

  override async acceptForClassification(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto> {
    this.checkBytes(bytes, limits);
    return { ...(await this.decode('classify', bytes, limits)), ...photoTypes.jpeg };
  }

  /** Starts the first process, so that the first photo need not wait for it. Throws ProcessEndedError when it can't start. */
  warmUp(): Promise<void> {
    return this.processes.warmUp();
  }

  /** Photos that wait are refused with a TemporaryError; one that is being decoded is finished. */
  close(): void {
    this.processes.close({ finishWork: true });
  }

  /** What can be said without decoding. */
  private checkBytes(bytes: Buffer, limits: Partial<PhotoLimits> | undefined): PhotoFormat {
    const { maxBytes } = { ...this.limits, ...limits };
    if (bytes.length === 0) {
      throw new PhotoEmptyError();
    }
    if (bytes.length > maxBytes) {
      throw new PhotoTooLargeError(maxBytes);
    }
    const format = recogniseFormat(bytes);
    if (!format) {
      throw new PhotoTypeUnsupportedError(describeUnsupported(bytes));
    }
    if (isAnimated(bytes, format)) {
      throw new PhotoAnimatedError();
    }
    return format;
  }

  private async decode(purpose: PhotoOrder['purpose'], bytes: Buffer, limits: Partial<PhotoLimits> | undefined) {
    const { maxPixels } = { ...this.limits, ...limits };
    const verdict = await this.judge(bytes, { purpose, maxPixels });
    switch (verdict.kind) {
      case 'accepted':
        return verdict.photo;
      case 'too many pixels':
        throw new PhotoTooManyPixelsError(verdict.width, verdict.height, maxPixels);
      case 'animated':
        throw new PhotoAnimatedError();
      case 'unreadable':
        throw new PhotoUnreadableError(verdict.reason);
    }
  }

  private async judge(bytes: Buffer, order: PhotoOrder): Promise<PhotoVerdict> {
    try {
      // Somebody who waits to hear what a photo shows goes before uploads, whose work is longer.
      return (await this.processes.work(bytes, order, { isUrgent: order.purpose === 'classify' })).answer;
    } catch (error) {
      throw error instanceof ProcessEndedError ? this.blame(error) : error;
    }
  }

  /** A crash or a missed deadline is the photo's fault, unless its process hadn't even begun with it. */
  private blame(error: ProcessEndedError): DomainError {
    switch (error.why) {
      case 'not started':
        return new TemporaryError('The process that decodes photos could not start', { cause: error });
      case 'crashed':
        return new PhotoUnreadableError('it brought down the process that decoded it', { cause: error });
      case 'too slow':
        return new PhotoUnreadableError(`decoding it took longer than ${this.deadlineMs / 1000} s`, { cause: error });
    }
  }
}
