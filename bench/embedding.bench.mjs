import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBackbone, WorkerInferenceEngine } from '@repo/recognition-data-access';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { alternate, PythonPeer } from './harness.mjs';

export const title = 'Embeddings of photos by MobileNetV2 1.0 at 224 px';

const weights = process.env.OC_BACKBONE ?? fileURLToPath(new URL('../../shared/data/backbone/mobilenet_v2_1.0_224_notop.safetensors', import.meta.url));
const threads = availableParallelism();
const photosAtOnce = 64;

export async function run({ row, note }) {
  if (!existsSync(weights)) {
    note(`left out: there are no weights at ${weights}; set OC_BACKBONE`);
    return;
  }
  const backbone = await findBackbone({ configured: weights });
  const torch = PythonPeer.start('embedding.py', { modules: ['torch', 'torchvision', 'cv2'], note });
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-embedding-'));
  try {
    await forwardPass(backbone, torch, row);
    const file = path.join(folder, 'photo.jpg');
    const photo = await drawPhoto();
    await writeFile(file, photo);
    note(`the photo is a JPEG of 2 megapixels and ${Math.round(photo.length / 1000)} kB; PyTorch decodes it with OpenCV, a quarter of its size`);
    for (const precision of ['fp32', 'int8']) {
      await wholePhotos({ backbone, precision, photo, file, torch, row });
    }
  } finally {
    torch?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The network alone, one thread, on a picture that is decoded already. */
async function forwardPass(backbone, torch, row) {
  const side = backbone.info.inputSize;
  const peers = [['PyTorch eval', 'eval'], ['PyTorch fused', 'fused']];
  for (const precision of ['fp32', 'int8']) {
    const session = await ort.InferenceSession.create(await backbone.onnx(precision), { intraOpNumThreads: 1 });
    const image = new ort.Tensor('uint8', new Uint8Array(side * side * 3), [1, side, side, 3]);
    for (const [peerName, network] of peers) {
      const { ours, peer } = await alternate({
        ours: () => session.run({ image }).then(() => undefined),
        peer: torch && (() => torch.ask({ what: 'forward', network, batch: 1 })),
        rounds: 30,
        warmup: 5,
      });
      row({ what: `forward pass, ${precision}, 1 thread`, ours, peer, peerName, unit: 'ms', better: 'lower' });
    }
    await session.release();
  }
}

/** From the file's bytes to the embedding. */
async function wholePhotos({ backbone, precision, photo, file, torch, row }) {
  const engine = new WorkerInferenceEngine({ threads, maxWaiting: photosAtOnce });
  try {
    const model = await engine.load(await backbone.onnx(precision));
    const one = await alternate({
      ours: () => model.run(photo).then(() => undefined),
      peer: torch && (() => torch.ask({ what: 'photos', network: 'fused', photo: file, count: 1, threads: 1 })),
      rounds: 30,
      warmup: 5,
    });
    row({ what: `one photo, ${precision}`, ours: one.ours, peer: one.peer, peerName: 'PyTorch fused', unit: 'ms', better: 'lower' });
    const many = await alternate({
      ours: () => Promise.all(Array.from({ length: photosAtOnce }, () => model.run(photo))).then(() => undefined),
      peer: torch && (() => torch.ask({ what: 'photos', network: 'fused', photo: file, count: photosAtOnce, threads })),
      rounds: 5,
    });
    const perSecond = (samples) => samples?.map((ms) => (photosAtOnce * 1000) / ms);
    row({ what: `many at once, ${precision}, ${threads} threads`, ours: perSecond(many.ours), peer: perSecond(many.peer), peerName: 'PyTorch fused', unit: 'photos/s', better: 'higher' });
  } finally {
    await engine.close();
  }
}

/** 1632 x 1224 with enough detail that it takes as long to decode as a photo. */
async function drawPhoto() {
  const size = { width: 1632, height: 1224 };
  const noise = { type: 'gaussian', mean: 128, sigma: 40 };
  return sharp({ create: { ...size, channels: 3, background: '#806040', noise } }).blur(1.6).jpeg({ quality: 90 }).toBuffer();
}
