import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PhotoUnreadableError, RenderCrashedError, RenderTimeoutError } from '@repo/augmentation-domain';
import { builtFile, newId, TemporaryError, type PhotoId } from '@repo/kernel';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ImageProcessPool, type ImageProcessPoolOptions } from './image-process-pool.js';

let photo: Buffer;
let folder: string;
let trickyWorker: string;
const pools: ImageProcessPool[] = [];

beforeAll(async () => {
  photo = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#999', noise: { type: 'gaussian', mean: 128, sigma: 40 } } })
    .jpeg()
    .toBuffer();
  folder = await mkdtemp(path.join(tmpdir(), 'image-process-'));
  trickyWorker = path.join(folder, 'tricky.mjs');
  // The real worker, but for photos that bring a decoder down, take more memory than there is or keep it busy for ever.
  await writeFile(
    trickyWorker,
    `const { emit } = process;
     process.emit = function (event, message, ...rest) {
       if (event === 'message' && message.order.category === 'crash') process.kill(process.pid, 'SIGSEGV');
       if (event === 'message' && message.order.category === 'out of memory') process.kill(process.pid, 'SIGKILL');
       if (event === 'message' && message.order.category === 'out of heap') for (const held = []; ; ) held.push(new Array(1e5).fill(message));
       if (event === 'message' && message.order.category === 'hang') for (;;);
       return emit.call(this, event, message, ...rest);
     };
     await import(${JSON.stringify(pathToFileURL(builtFile(import.meta.url, './render.worker.js')).href)});`,
  );
});
afterEach(() => pools.splice(0).forEach((pool) => pool.close()));
afterAll(() => rm(folder, { recursive: true, force: true }));

function open(options: Partial<ImageProcessPoolOptions> = {}): ImageProcessPool {
  const pool = new ImageProcessPool({ workers: 2, format: { longSide: 256, jpegQuality: 90 }, workerFile: trickyWorker, ...options });
  pools.push(pool);
  return pool;
}

const order = (category = 'Moedas') => ({ photoId: newId<PhotoId>(), sha256: 'a'.repeat(64), category });
const childCount = () => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

it('renders in a process of its own', async () => {
  const { variants, stagesMs, workerMemoryBytes } = await open().render(photo, order());
  expect(variants).toHaveLength(13);
  expect((await sharp(variants[0]!.bytes).metadata()).format).toBe('jpeg');
  expect(stagesMs.wait).toBeGreaterThanOrEqual(0);
  expect(workerMemoryBytes).toBeGreaterThan(20e6);
  expect(workerMemoryBytes).toBeLessThan(200e6);
});

it.each([
  ['crash', 'SIGSEGV'],
  ['out of memory', 'SIGKILL'], // what the kernel sends
  ['out of heap', 'SIGABRT'],
])('says which photo brought a process down (%s), and renders its neighbours', async (category, how) => {
  const pool = open();
  const bad = order(category);
  const crash = pool.render(photo, bad);
  const neighbours = Promise.all(Array.from({ length: 9 }, () => pool.render(photo, order())));
  await expect(crash).rejects.toThrow(new RenderCrashedError(bad.photoId, how));
  expect((await neighbours).every(({ variants }) => variants.length === 13)).toBe(true);
});

it('dies at a crash point once, and renders the photo when it comes again', async () => {
  const pool = open({ workers: 1, crashAt: 'augment.rendered:5' });
  const asked = order();
  await expect(pool.render(photo, asked)).rejects.toThrow(new RenderCrashedError(asked.photoId, 'SIGKILL'));
  expect((await pool.render(photo, asked)).variants).toHaveLength(13);
});

it('ends a process that takes too long', async () => {
  const pool = open({ workers: 1, deadlineMs: 4_000 });
  await expect(pool.render(photo, order('hang'))).rejects.toThrow(RenderTimeoutError);
  await expect(pool.render(photo, order())).resolves.toBeDefined();
});

describe('the event loop of who asks', () => {
  /** The longest that anything had to wait meanwhile, in milliseconds. */
  async function lagDuring(work: () => Promise<unknown>): Promise<number> {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await work();
    delay.disable();
    return delay.max / 1e6;
  }

  it('stays free while photos of 12 megapixels are rendered', async () => {
    const pool = open();
    const large = await sharp({ create: { width: 4_000, height: 3_000, channels: 3, background: '#999', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).jpeg().toBuffer();
    await pool.render(photo, order());
    expect(await lagDuring(() => Promise.all(Array.from({ length: 4 }, () => pool.render(large, order()))))).toBeLessThan(250);
  });

  it('stays free while a transformation never ends', async () => {
    const pool = open({ workers: 1, deadlineMs: 3_000 });
    expect(await lagDuring(() => expect(pool.render(photo, order('hang'))).rejects.toThrow(RenderTimeoutError))).toBeLessThan(250);
  });
});

it('keeps its process when a photo can not be decoded', async () => {
  const pool = open({ workers: 1 });
  await pool.render(photo, order());
  const before = childCount();
  await expect(pool.render(Buffer.from('not a photo'), order())).rejects.toThrow(PhotoUnreadableError);
  expect(childCount()).toBe(before);
});

it('keeps nothing of the photos it has rendered', async () => {
  const pool = open({ workers: 1 });
  const rendered = new WeakRef((await pool.render(photo, order())).variants[0]!.bytes);
  await pool.render(photo, order());
  setFlagsFromString('--expose-gc');
  await expect.poll(() => (runInNewContext('gc')(), rendered.deref() === undefined), { timeout: 5_000 }).toBe(true);
});

it('starts no process before there is work, no more than it may, and lets idle ones go', async () => {
  await expect.poll(childCount, { timeout: 5_000 }).toBe(0); // those of the tests before
  const pool = open({ workers: 2, idleMs: 100 });
  expect(childCount()).toBe(0);
  await Promise.all(Array.from({ length: 5 }, () => pool.render(photo, order())));
  expect(childCount()).toBe(2);
  await expect.poll(childCount, { timeout: 5_000 }).toBe(0);
  await expect(pool.render(photo, order())).resolves.toBeDefined();
});

it('reports a worker that can not start as a crash', async () => {
  const workerFile = path.join(folder, 'unwilling.mjs');
  await writeFile(workerFile, 'process.exit(3);');
  const asked = order();
  await expect(open({ workerFile }).render(photo, asked)).rejects.toThrow(new RenderCrashedError(asked.photoId, 'exit code 3'));
});

it('refuses who waits when it closes', async () => {
  const pool = open({ workers: 1 });
  const running = pool.render(photo, order());
  const waiting = pool.render(photo, order());
  pool.close();
  await expect(waiting).rejects.toThrow(TemporaryError);
  await expect(running).rejects.toThrow(TemporaryError);
  await expect(pool.render(photo, order())).rejects.toThrow(TemporaryError);
});
