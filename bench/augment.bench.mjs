import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageProcessPool } from '@repo/augmentation-data-access';
import sharp from 'sharp';
import { alternate, measure, PythonPeer } from './harness.mjs';

export const title = 'Nine variants of a 12-megapixel photo of 4 MB';

const sides = [640, 1024, 0];
const order = { photoId: 'bench', sha256: 'a'.repeat(64), category: 'Minerais' };
const jpegQuality = 90;

export async function run({ row, note }) {
  // What runs in an image process, here without one: the peer has no process between, either.
  const { renderPhoto } = await import(new URL('./rendering/render-photo.js', import.meta.resolve('@repo/augmentation-data-access')).href);
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-augment-'));
  const opencv = PythonPeer.start('augment.py', { modules: ['cv2', 'numpy'], note });
  try {
    const file = path.join(folder, 'photo.jpg');
    await writeFile(file, await findPhoto(note));
    const photo = await readFile(file);
    note('both decode once, measure the quality, make nine JPEGs (quality 90) and test-decode each; OpenCV in a thread pool of 2');
    for (const side of sides) {
      const processor = { ours: [], peer: [] };
      const { ours, peer } = await alternate({
        rounds: side === 0 ? 5 : 15,
        warmup: 3, // until our loops are compiled
        ours: () => timed(processor.ours, () => renderPhoto(photo, order, { longSide: side, jpegQuality })),
        peer: opencv && (() => opencv.ask({ photo: file, side, checked: true }).then((answer) => (processor.peer.push(answer.cpuMs), answer))),
      });
      const what = side === 0 ? 'full size' : `${side} px`;
      const peerFigures = opencv ? { peerName: 'OpenCV' } : {};
      row({ what: `${what}, wall`, unit: 'ms', better: 'lower', ours, peer, ...peerFigures });
      row({
        what: `${what}, of one core`,
        unit: 'ms',
        better: 'lower',
        ours: processor.ours.slice(3),
        peer: opencv && processor.peer.slice(3),
        ...peerFigures,
        ...(side === 1024 && { aim: 400 }),
      });
    }
    await throughImageProcesses(photo, row);
  } finally {
    opencv?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** As the service does it: the photo goes into a process and the variants come back. */
async function throughImageProcesses(photo, row) {
  const pool = new ImageProcessPool({ workers: 2, format: { longSide: 1024, jpegQuality } });
  try {
    const render = () => pool.render(photo, order);
    row({ what: '1024 px, through an image process', unit: 'ms', better: 'lower', ours: await measure(render, { rounds: 15, warmup: 3 }) });
    const batch = await measure(() => Promise.all(Array.from({ length: 20 }, render)), { rounds: 3 });
    row({ what: '1024 px, two image processes', unit: 'photos/s', better: 'higher', ours: batch.map((ms) => 20_000 / ms) });
    const { workerMemoryBytes } = await render();
    row({ what: 'memory of an image process', unit: 'MB', better: 'lower', ours: workerMemoryBytes / 1e6, aim: 200 });
  } finally {
    pool.close();
  }
}

async function timed(processorMs, work) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  processorMs.push((user + system) / 1000);
  return { ms: performance.now() - start };
}

/** A real photo where the optional test data lies beside the repository, else one that costs as much to decode. */
async function findPhoto(note) {
  const folder = fileURLToPath(new URL('../../shared/data/big-photos/', import.meta.url));
  const [name] = existsSync(folder) ? (await readdir(folder)).filter((file) => file.endsWith('.jpg')).sort() : [];
  if (name) {
    return readFile(path.join(folder, name));
  }
  note('no photo in ../shared/data/big-photos: a drawn one of the same size instead');
  const noise = { type: 'gaussian', mean: 128, sigma: 22 };
  return sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#808080', noise } }).blur(0.8).jpeg({ quality: 93 }).toBuffer();
}
