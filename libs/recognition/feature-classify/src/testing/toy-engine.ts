import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceEngine, ModelUnusableError, PhotoUndecodableError, type Inference, type LoadedModel, type RunOptions } from '@repo/recognition-domain';

/**
 * Runs "networks" that are JSON: `{ "probabilities": [0.9, 0.1] }` answers that to every photo. A
 * photo that begins with `x` can't be decoded; any other is embedded by its first two bytes, turned
 * by `"turn"` radians: vectors of two networks don't fit together.
 */
export class ToyEngine extends InferenceEngine {
  readonly loaded = new Set<ToyModel>();
  /** Milliseconds that a photo takes. */
  pace = 0;

  async load(network: Buffer): Promise<LoadedModel> {
    let toy: ToyNetwork;
    try {
      toy = JSON.parse(String(network)) as ToyNetwork;
    } catch (cause) {
      throw new ModelUnusableError('no network', { cause });
    }
    const model = new ToyModel(this, toy);
    this.loaded.add(model);
    return model;
  }

  async close() {}
}

interface ToyNetwork {
  readonly probabilities?: number[];
  readonly turn?: number;
}

export class ToyModel implements LoadedModel {
  readonly seen: { image: string; options: RunOptions | undefined }[] = [];

  constructor(
    private readonly engine: ToyEngine,
    private readonly network: ToyNetwork,
  ) {}

  async run(image: Buffer, options?: RunOptions): Promise<Inference> {
    await sleep(this.engine.pace);
    if (!this.engine.loaded.has(this)) {
      throw new Error('ran on a model that was unloaded');
    }
    this.seen.push({ image: String(image), options });
    if (String(image).startsWith('x')) {
      throw new PhotoUndecodableError('no image');
    }
    const { probabilities, turn } = this.network;
    return {
      embedding: embeddingOf(image, turn),
      ...(probabilities && { probabilities: Float32Array.from(probabilities) }),
      stagesMs: { queue: 1, decode: 2, forward: 3 },
    };
  }

  async unload() {
    this.engine.loaded.delete(this);
  }
}

/** Of length 1, in two dimensions. */
export function embeddingOf(image: Buffer | string, turn = 0): Float32Array {
  const [a = 0, b = 0] = Buffer.from(image);
  const length = Math.hypot(a, b) || 1;
  const [cosine, sine] = [Math.cos(turn) / length, Math.sin(turn) / length];
  return Float32Array.of(a * cosine - b * sine, a * sine + b * cosine);
}
