import { Worker } from 'node:worker_threads';
import { builtFile, PermanentError, TemporaryError } from '@repo/kernel';
import { ModelUnusableError, PhotoUndecodableError } from '@repo/recognition-domain';
import type { DoneAnswer, ThreadAnswer, ThreadRequest } from './inference-messages.js';

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** One worker thread with its own copy of every loaded network. */
export class InferenceThread {
  private readonly worker = new Worker(builtFile(import.meta.url, './inference.worker.js'), { execArgv: [] });
  private readonly loads = new Map<number, Waiting<void>>();
  private readonly runs = new Map<number, Waiting<DoneAnswer>>();
  private death: Error | undefined;

  /** @param onDeath called once when the thread ends without having been asked to */
  constructor(private readonly onDeath: (cause: Error) => void) {
    this.worker.on('message', (answer: ThreadAnswer) => this.settle(answer));
    this.worker.on('error', (cause) => this.die(cause as Error));
    this.worker.on('exit', (code) => this.die(new Error(`it left with code ${code}`)));
  }

  /** Photos it works on now. */
  get running(): number {
    return this.runs.size;
  }

  load(modelId: number, onnx: Uint8Array): Promise<void> {
    return this.ask(this.loads, modelId, { kind: 'load', modelId, onnx });
  }

  unload(modelId: number): void {
    this.worker.postMessage({ kind: 'unload', modelId } satisfies ThreadRequest);
  }

  /** @param photo goes to the thread; the caller's view of it is empty afterwards */
  run(jobId: number, modelId: number, photo: Uint8Array<ArrayBuffer>): Promise<DoneAnswer> {
    return this.ask(this.runs, jobId, { kind: 'run', jobId, modelId, photo }, [photo.buffer]);
  }

  /** Ends it as if it had crashed. */
  kill(cause: Error): void {
    this.die(cause);
    void this.worker.terminate();
  }

  /** Ends it for good: nobody is told. */
  async terminate(): Promise<void> {
    this.end(new Error('the engine was closed'));
    await this.worker.terminate();
  }

  private ask<T>(waiting: Map<number, Waiting<T>>, id: number, request: ThreadRequest, transfer: ArrayBuffer[] = []): Promise<T> {
    if (this.death) {
      return Promise.reject(diedError(this.death));
    }
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      this.worker.postMessage(request, transfer);
    });
  }

  private die(cause: Error): void {
    if (!this.death) {
      this.end(cause);
      this.onDeath(cause);
    }
  }

  private end(cause: Error): void {
    this.death = cause;
    for (const waiting of [...this.loads.values(), ...this.runs.values()]) {
      waiting.reject(diedError(cause));
    }
    this.loads.clear();
    this.runs.clear();
  }

  private settle(answer: ThreadAnswer): void {
    switch (answer.kind) {
      case 'loaded':
        return take(this.loads, answer.modelId)?.resolve();
      case 'unusable':
        return take(this.loads, answer.modelId)?.reject(new ModelUnusableError(`The network can't be loaded: ${answer.message}`));
      case 'done':
        return take(this.runs, answer.jobId)?.resolve(answer);
      case 'undecodable':
        return take(this.runs, answer.jobId)?.reject(new PhotoUndecodableError(`The photo can't be decoded: ${answer.message}`));
      case 'failed':
        return take(this.runs, answer.jobId)?.reject(new PermanentError(`The network failed: ${answer.message}`));
    }
  }
}

function take<T>(waiting: Map<number, Waiting<T>>, id: number): Waiting<T> | undefined {
  const found = waiting.get(id);
  waiting.delete(id);
  return found;
}

function diedError(cause: Error): TemporaryError {
  return new TemporaryError(`The thread that ran the network ended: ${cause.message}`, { cause });
}
