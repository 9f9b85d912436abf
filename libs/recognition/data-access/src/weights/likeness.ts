import { backboneGraph } from '../ml/backbone-graph.js';
import type { ConvolutionalNetwork } from '../ml/convolutional-network.js';
import { decodePhoto } from '../ml/decode-photo.js';
import { findShippedBackbone } from '../ml/find-backbone.js';
import { assembleMobileNetV2 } from '../ml/mobilenet-v2.js';
import type { Safetensors } from '../ml/safetensors.js';

/**
 * Below it, weights are others than those that the compact backbone learnt from. Measured on 12 drawn photos: the right
 * weights 0.65 (0.64 at 192 px, 0.40 at 96 px, 0.49 with every number off by up to 5 %, 0.23 by up to 10 %), with the
 * channels of the first or the third layer in another order 0.29, without biases or with random numbers 0.00.
 */
export const leastLikeness = 0.35;

/**
 * How alike the answers of these weights are to those of the compact backbone that comes with the platform, which
 * learnt to answer as Keras's ImageNet weights do: the mean correlation of both embeddings of a photo, each without what
 * is common to all photos, -1 to 1.
 *
 * @param photos encoded, a dozen of different things
 * @param shippedFolder of the platform's own weights, where it is not the usual one
 * @returns undefined where there are no such weights to compare with. Throws PermanentError for weights that are no network.
 */
export async function likenessToShipped(weights: Safetensors, photos: readonly Uint8Array[], shippedFolder?: string): Promise<number | undefined> {
  const compact = await findShippedBackbone(shippedFolder);
  if (!compact) {
    return undefined;
  }
  const own = withoutCommon(await embed(assembleMobileNetV2(weights), photos));
  const shipped = withoutCommon(await embed(compact.network, photos));
  return meanOf(own.map((embedding, i) => correlation(embedding, shipped[i]!)));
}

async function embed(network: ConvolutionalNetwork, photos: readonly Uint8Array[]): Promise<Float32Array[]> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node'); // only here: the rest of the command needs no such memory
  const session = await InferenceSession.create(backboneGraph(network), { intraOpNumThreads: 1, executionMode: 'sequential' });
  try {
    const side = network.inputSize;
    const embeddings: Float32Array[] = [];
    for (const photo of photos) {
      const { embedding } = await session.run({ image: new Tensor('uint8', await decodePhoto(photo, side), [1, side, side, 3]) });
      embeddings.push(embedding!.data as Float32Array);
    }
    return embeddings;
  } finally {
    await session.release();
  }
}

/** Half of an embedding is the same for every photo, and nearly all of it in a network that has learnt nothing. */
function withoutCommon(embeddings: readonly Float32Array[]): Float32Array[] {
  const common = embeddings[0]!.map((_, i) => meanOf(embeddings.map((embedding) => embedding[i]!)));
  return embeddings.map((embedding) => embedding.map((value, i) => value - common[i]!));
}

/** Pearson's. Networks of other widths answer in another number of channels, and are not alike. */
function correlation(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    return 0;
  }
  const [fromA, fromB] = [a, b].map((values) => values.map((value) => value - meanOf(values))) as [Float32Array, Float32Array];
  const product = fromA.reduce((sum, value, i) => sum + value * fromB[i]!, 0);
  return product / (Math.hypot(...fromA) * Math.hypot(...fromB) || 1);
}

function meanOf(values: Float32Array | readonly number[]): number {
  return (values as readonly number[]).reduce((sum, value) => sum + value, 0) / values.length;
}
