import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { decodePhoto } from './decode-photo.js';
import type { LoadRequest, RunRequest, ThreadAnswer, ThreadRequest } from './inference-messages.js';

// The threads of the engine are the parallelism; the libraries' own would only take turns with them.
sharp.concurrency(1);
sharp.cache(false);

interface Model {
  readonly session: InferenceSession;
  /** Side of the square input, in pixels. */
  readonly side: number;
}

const models = new Map<number, Model>();

parentPort!.on('message', (request: ThreadRequest) => {
  void handle(request);
});

async function handle(request: ThreadRequest): Promise<void> {
  switch (request.kind) {
    case 'load':
      return answer(await load(request));
    case 'run':
      return answer(await run(request));
    case 'unload':
      await models.get(request.modelId)?.session.release();
      models.delete(request.modelId);
  }
}

function answer(message: ThreadAnswer): void {
  parentPort!.postMessage(message);
}

async function load({ modelId, onnx }: LoadRequest): Promise<ThreadAnswer> {
  try {
    const session = await InferenceSession.create(onnx, {
      executionMode: 'sequential',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    models.set(modelId, { session, side: inputSide(session) });
    return { kind: 'loaded', modelId };
  } catch (error) {
    return { kind: 'unusable', modelId, message: (error as Error).message };
  }
}

/** The graph's own word on its input: `image` [n, side, side, 3]. */
function inputSide(session: InferenceSession): number {
  const image = session.inputMetadata.find(({ name }) => name === 'image');
  const side = image?.isTensor ? image.shape[1] : undefined;
  if (typeof side !== 'number' || !session.outputNames.includes('embedding')) {
    throw new TypeError('the graph must have an input "image" [n, side, side, 3] and an output "embedding"');
  }
  return side;
}

async function run({ jobId, modelId, photo }: RunRequest): Promise<ThreadAnswer> {
  const { session, side } = models.get(modelId)!;
  const began = performance.now();
  let pixels: Buffer;
  try {
    pixels = await decodePhoto(photo, side);
  } catch (error) {
    return { kind: 'undecodable', jobId, message: (error as Error).message };
  }
  const decoded = performance.now();
  try {
    const { embedding, probabilities } = await session.run({ image: new Tensor('uint8', pixels, [1, side, side, 3]) });
    return {
      kind: 'done',
      jobId,
      embedding: numbers(embedding!),
      probabilities: probabilities && numbers(probabilities),
      decodeMs: decoded - began,
      forwardMs: performance.now() - decoded,
    };
  } catch (error) {
    return { kind: 'failed', jobId, message: (error as Error).message };
  }
}

function numbers(tensor: Tensor): Float32Array {
  return tensor.data as Float32Array;
}
