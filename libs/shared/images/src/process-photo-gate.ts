import { builtFile, TemporaryError } from '@repo/kernel';
import { DecoderProcess } from './decoder.process.js';
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
  /** Compiled module that speaks the worker's messages. */
  workerFile?: string;
}

interface Job {
  order: PhotoOrder;
  resolve: (verdict: PhotoVerdict) => void;
  reject: (error: unknown) => void;
}

/** Beyond this many waiting photos the gate says so instead of letting them wait. */
const MAX_WAITING = 200;
const IDLE_MS = 30_000;

/** Decodes strangers' bytes in child processes: whatever a picture does to a native decoder, the API lives on. */
export class ProcessPhotoGate extends PhotoGate {
  private readonly limits: PhotoLimits;
  private readonly maxProcesses: number;
  private readonly deadlineMs: number;
  private readonly workerFile: string;
  private readonly running = new Set<DecoderProcess>();
  private readonly idle: { decoder: DecoderProcess; retire?: NodeJS.Timeout }[] = [];
  private readonly waiting: Job[] = [];
  private isClosed = false;

  constructor({ limits, processes = 2, deadlineMs = 20_000, workerFile }: ProcessPhotoGateOptions = {}) {
    super();
    this.limits = { ...defaultPhotoLimits, ...limits };
    this.maxProcesses = processes;
    this.deadlineMs = deadlineMs;
    this.workerFile = workerFile ?? builtFile(import.meta.url, './photo.worker.js');
  }

  override async accept(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto> {
    const format = this.checkBytes(bytes, limits);
    return { ...(await this.decode('keep', bytes, limits)), ...photoTypes[format] };
  }

  override async acceptForClassification(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto> {
    this.checkBytes(bytes, limits);
    return { ...(await this.decode('classify', bytes, limits)), ...photoTypes.jpeg };
  }

  /** Starts the first process, so that the first photo need not wait for it. Throws TemporaryError when it can't start. */
  async warmUp(): Promise<void> {
    if (this.running.size === 0) {
      const decoder = this.startDecoder();
      await decoder.start();
      this.rest(decoder);
    }
  }

  /** Photos that wait are refused with a TemporaryError; one that is being decoded is finished. */
  close(): void {
    this.isClosed = true;
    this.waiting.splice(0).forEach(({ reject }) => reject(new TemporaryError('The photo gate is closing')));
    this.idle.splice(0).forEach(({ decoder, retire }) => {
      clearTimeout(retire);
      decoder.stop();
    });
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
    const verdict = await this.enqueue({ purpose, bytes, maxPixels });
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

  private enqueue(order: PhotoOrder): Promise<PhotoVerdict> {
    if (this.isClosed || this.waiting.length >= MAX_WAITING) {
      throw new TemporaryError(this.isClosed ? 'The photo gate is closed' : 'Too many photos wait to be decoded');
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ order, resolve, reject });
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.waiting.length > 0) {
      const decoder = this.takeIdle() ?? (this.running.size < this.maxProcesses ? this.startDecoder() : undefined);
      if (!decoder) {
        return;
      }
      void this.work(decoder, this.takeJob());
    }
  }

  private async work(decoder: DecoderProcess, { order, resolve, reject }: Job): Promise<void> {
    try {
      resolve(await decoder.decode(order, this.deadlineMs));
    } catch (error) {
      reject(error);
    }
    this.rest(decoder);
    this.dispatch();
  }

  /** Somebody who waits to hear what a photo shows goes before uploads, whose work is longer. */
  private takeJob(): Job {
    const quick = this.waiting.findIndex(({ order }) => order.purpose === 'classify');
    return this.waiting.splice(Math.max(quick, 0), 1)[0]!;
  }

  private takeIdle(): DecoderProcess | undefined {
    const next = this.idle.pop();
    clearTimeout(next?.retire);
    return next?.decoder;
  }

  private rest(decoder: DecoderProcess): void {
    if (this.isClosed) {
      decoder.stop();
    } else if (this.running.has(decoder)) {
      const isSpare = this.running.size > 1;
      this.idle.push({ decoder, ...(isSpare && { retire: setTimeout(() => this.retire(decoder), IDLE_MS).unref() }) });
    }
  }

  private retire(decoder: DecoderProcess): void {
    if (this.running.size > 1) {
      this.forget(decoder);
      decoder.stop();
    }
  }

  private startDecoder(): DecoderProcess {
    const decoder = new DecoderProcess(this.workerFile, () => this.forget(decoder));
    this.running.add(decoder);
    return decoder;
  }

  private forget(decoder: DecoderProcess): void {
    this.running.delete(decoder);
    const index = this.idle.findIndex((entry) => entry.decoder === decoder);
    if (index >= 0) {
      clearTimeout(this.idle.splice(index, 1)[0]?.retire);
    }
  }
}
