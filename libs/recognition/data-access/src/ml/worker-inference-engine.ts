import { TemporaryError } from '@repo/kernel';
import { ClassifierBusyError, InferenceEngine, type Inference, type LoadedModel, type RunOptions } from '@repo/recognition-domain';
import { InferenceThread } from './inference-thread.js';

export interface InferenceEngineOptions {
  /** Worker threads; one for each core is best. */
  readonly threads: number;
  /** Photos of one priority that may wait for a thread. */
  readonly maxWaiting: number;
  /** Told when a thread died and is being replaced. */
  readonly onThreadDeath?: (cause: Error) => void;
}

interface Job {
  readonly id: number;
  readonly modelId: number;
  readonly photo: Uint8Array<ArrayBuffer>;
  readonly enteredAt: number;
  readonly resolve: (inference: Inference) => void;
  readonly reject: (error: Error) => void;
}

interface Model {
  /** For threads that are started later. */
  readonly onnx: Uint8Array;
  /** Photos that wait or run. */
  readonly jobs: Set<Promise<unknown>>;
  unloading: boolean;
}

/** One decodes while the other computes. */
const photosPerThread = 2;

/** A thread that dies while it starts would otherwise be started again without a pause. */
const restartPauseMs = 1_000;

/**
 * Runs networks in worker threads, since onnxruntime blocks the thread that calls it. Each thread
 * has its own session with one thread of its own: a second one inside a session spins and takes
 * the time from decoding.
 */
export class WorkerInferenceEngine extends InferenceEngine {
  private readonly threads = new Set<InferenceThread>();
  /** Those that have every network. */
  private readonly ready = new Set<InferenceThread>();
  private readonly models = new Map<number, Model>();
  private readonly queues: Record<'query' | 'background', Job[]> = { query: [], background: [] };
  private lastId = 0;
  private closed = false;

  constructor(private readonly options: InferenceEngineOptions) {
    super();
    for (let i = 0; i < options.threads; i += 1) {
      this.startThread();
    }
  }

  async load(onnx: Buffer): Promise<LoadedModel> {
    const modelId = this.nextId();
    const model: Model = { onnx: new Uint8Array(onnx), jobs: new Set(), unloading: false };
    this.models.set(modelId, model);
    try {
      await Promise.all([...this.threads].map((thread) => thread.load(modelId, model.onnx)));
    } catch (error) {
      await this.unload(modelId, model);
      throw error;
    }
    return {
      run: (photo, options) => this.run(modelId, model, photo, options),
      unload: () => this.unload(modelId, model),
    };
  }

  /** Lets what runs finish; what waits gets a TemporaryError. */
  async close(): Promise<void> {
    this.closed = true;
    for (const job of [...this.queues.query.splice(0), ...this.queues.background.splice(0)]) {
      job.reject(new TemporaryError('The engine was closed'));
    }
    await Promise.allSettled([...this.models.values()].flatMap(({ jobs }) => [...jobs]));
    await Promise.all([...this.threads].map((thread) => thread.terminate()));
    this.threads.clear();
    this.ready.clear();
  }

  private async run(modelId: number, model: Model, image: Buffer, { priority = 'query' }: RunOptions = {}): Promise<Inference> {
    const queue = this.queues[priority];
    if (this.closed || model.unloading) {
      throw new TemporaryError('The network was unloaded');
    }
    if (queue.length >= this.options.maxWaiting) {
      throw new ClassifierBusyError(queue.length);
    }
    const answer = new Promise<Inference>((resolve, reject) => {
      queue.push({ id: this.nextId(), modelId, photo: new Uint8Array(image), enteredAt: performance.now(), resolve, reject });
    });
    model.jobs.add(answer);
    this.dispatch();
    return answer.finally(() => model.jobs.delete(answer));
  }

  private async unload(modelId: number, model: Model): Promise<void> {
    model.unloading = true;
    await Promise.allSettled([...model.jobs]);
    this.models.delete(modelId);
    this.threads.forEach((thread) => thread.unload(modelId));
  }

  /** Gives waiting photos, queries first, to the threads with the least to do. */
  private dispatch(): void {
    for (;;) {
      const thread = [...this.ready].sort((a, b) => a.running - b.running)[0];
      if (!thread || thread.running >= photosPerThread) {
        return;
      }
      const job = this.queues.query.shift() ?? this.queues.background.shift();
      if (!job) {
        return;
      }
      void this.runOn(thread, job);
    }
  }

  private async runOn(thread: InferenceThread, job: Job): Promise<void> {
    const startedAt = performance.now();
    try {
      const { embedding, probabilities, decodeMs, forwardMs } = await thread.run(job.id, job.modelId, job.photo);
      job.resolve({ embedding, probabilities, stagesMs: { queue: startedAt - job.enteredAt, decode: decodeMs, forward: forwardMs } });
    } catch (error) {
      job.reject(error as Error);
    }
    this.dispatch();
  }

  /** It takes photos once it has every network. */
  private startThread(): void {
    const thread = new InferenceThread((cause) => {
      const pauseMs = this.ready.has(thread) ? 0 : restartPauseMs;
      this.threads.delete(thread);
      this.ready.delete(thread);
      this.options.onThreadDeath?.(cause);
      setTimeout(() => this.closed || this.startThread(), pauseMs);
    });
    this.threads.add(thread);
    void Promise.all([...this.models].map(([modelId, { onnx }]) => thread.load(modelId, onnx))).then(
      () => {
        this.ready.add(thread);
        this.dispatch();
      },
      (error: Error) => thread.kill(error),
    );
  }

  private nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }
}
