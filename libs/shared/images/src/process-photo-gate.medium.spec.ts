import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { builtFile } from '@repo/kernel';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProcessPhotoGate } from './process-photo-gate.js';

const gate = new ProcessPhotoGate();
beforeAll(() => gate.warmUp());
afterAll(() => gate.close());

/** Reddish above, bluish below, a green corner: every rotation and mirror image looks different, and CMYK can show the colours. */
function picture(width = 120, height = 80) {
  const fill = (background: string, w: number, h: number) => ({ create: { width: w, height: h, channels: 3 as const, background } });
  return sharp(fill('#b04840', width, height)).composite([
    { input: fill('#4858a0', width, height / 2), left: 0, top: height / 2 },
    { input: fill('#50a058', width / 4, height / 4), left: 0, top: 0 },
  ]).removeAlpha();
}

const jpeg = () => picture().jpeg({ quality: 95 }).toBuffer();

function pngChunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
}

/** A black picture of one bit a pixel: a few kilobytes, whatever its size. */
function hugePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))), { level: 9 });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))]);
}

/** A PNG that says it is animated: the chunk comes right after the header. */
async function apng(): Promise<Buffer> {
  const png = await picture().png().toBuffer();
  return Buffer.concat([png.subarray(0, 33), pngChunk('acTL', Buffer.from('0000000200000000', 'hex')), png.subarray(33)]);
}

/** Two frames, dark and light. */
const animation = () => sharp(Buffer.alloc(40 * 80 * 3).fill(200, 40 * 40 * 3), { raw: { width: 40, height: 80, channels: 3, pageHeight: 40 } });
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

/** A small JPEG whose header claims 7,000 x 7,000 pixels. */
async function boastfulJpeg(): Promise<Buffer> {
  const bytes = await picture(16, 16).jpeg().toBuffer();
  const frame = bytes.indexOf(Buffer.from('ffc0', 'hex'));
  bytes.writeUInt16BE(7_000, frame + 5);
  bytes.writeUInt16BE(7_000, frame + 7);
  return bytes;
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

it.each<[name: string, bytes: () => Buffer | Promise<Buffer>, code: string]>([
  ['0 bytes', () => Buffer.alloc(0), 'PHOTO_EMPTY'],
  ['21 MB', () => Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.alloc(21_000_000)]), 'PHOTO_TOO_LARGE'],
  ['text', () => Buffer.from('not a photo at all'), 'PHOTO_TYPE_UNSUPPORTED'],
  ['an SVG', () => Buffer.from(svg), 'PHOTO_TYPE_UNSUPPORTED'],
  ['an SVG after an XML head', () => Buffer.from(`<?xml version="1.0"?>${svg}`), 'PHOTO_TYPE_UNSUPPORTED'],
  ['a PDF', () => Buffer.from('%PDF-1.7 …'), 'PHOTO_TYPE_UNSUPPORTED'],
  ['an animated GIF', () => animation().gif().toBuffer(), 'PHOTO_TYPE_UNSUPPORTED'],
  ['a TIFF', () => picture().tiff().toBuffer(), 'PHOTO_TYPE_UNSUPPORTED'],
  ['HTML with a JPEG\'s first bytes', () => Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.from('<html><script>')]), 'PHOTO_UNREADABLE'],
  ['an animated WebP', () => animation().webp().toBuffer(), 'PHOTO_ANIMATED'],
  ['an animated PNG', apng, 'PHOTO_ANIMATED'],
  ['half a JPEG', async () => half(await jpeg()), 'PHOTO_UNREADABLE'],
  ['a JPEG without its last bytes', async () => (await jpeg()).subarray(0, -2), 'PHOTO_UNREADABLE'],
  ['half a PNG', async () => half(await picture().png().toBuffer()), 'PHOTO_UNREADABLE'],
  ['half a WebP', async () => half(await picture().webp().toBuffer()), 'PHOTO_UNREADABLE'],
  ['a JPEG that claims 7,000 x 7,000 pixels', boastfulJpeg, 'PHOTO_UNREADABLE'],
  ['a PNG of 16,000 x 16,000', () => hugePng(16_000, 16_000), 'PHOTO_TOO_MANY_PIXELS'],
  ['a PNG of 40,000 x 10', () => hugePng(40_000, 10), 'PHOTO_TOO_MANY_PIXELS'],
])('refuses %s', async (_, bytes, code) => {
  const photo = await bytes();
  await expect(gate.accept(photo)).rejects.toMatchObject({ code });
  await expect(gate.acceptForClassification(photo)).rejects.toMatchObject({ code });
});

it('refuses 30,000 x 30,000 pixels without decoding them', async () => {
  const bomb = hugePng(30_000, 30_000);
  expect(bomb.length).toBeLessThan(120_000);
  const start = performance.now();
  await expect(gate.accept(bomb)).rejects.toThrow('at most 50 megapixels and 30000 pixels on a side; this one has 30000 x 30000');
  expect(performance.now() - start).toBeLessThan(100); // decoding takes seconds
});

it('holds its own limits', async () => {
  const small = new ProcessPhotoGate({ limits: { maxBytes: 5_000, maxPixels: 1_000 } });
  await expect(small.accept(await jpeg())).rejects.toMatchObject({ code: 'PHOTO_TOO_MANY_PIXELS' });
  await expect(small.accept(Buffer.alloc(5_001, 1))).rejects.toMatchObject({ code: 'PHOTO_TOO_LARGE' });
  small.close();
});

describe('a photo that is merely unusual', () => {
  const sixteenBit = () => picture().toColourspace('rgb16').png().toBuffer();

  it.each<[name: string, bytes: () => Promise<Buffer>, contentType: string]>([
    ['CMYK JPEG', () => picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), 'image/jpeg'],
    ['16-bit PNG', sixteenBit, 'image/png'],
    ['palette PNG', () => picture().png({ palette: true }).toBuffer(), 'image/png'],
    ['progressive JPEG', () => picture().jpeg({ progressive: true, quality: 95 }).toBuffer(), 'image/jpeg'],
    ['Display P3 JPEG', () => picture().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(), 'image/jpeg'],
    ['lossless WebP', () => picture().webp({ lossless: true }).toBuffer(), 'image/webp'],
  ])('becomes plain 8-bit sRGB: %s', async (_, bytes, contentType) => {
    const photo = await gate.accept(await bytes());
    expect(photo).toMatchObject({ contentType, width: 120, height: 80 });
    expect(await sharp(photo.bytes).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar', hasProfile: false });
    expect(await distance(photo.bytes, await picture().png().toBuffer())).toBeLessThan(12); // a swapped colour: about 60
  });

  it.each<[name: string, bytes: () => Promise<Buffer>]>([
    ['grey JPEG', () => picture().greyscale().jpeg().toBuffer()],
    ['16-bit grey PNG', () => picture().toColourspace('grey16').png().toBuffer()],
  ])('gets three channels: %s', async (_, bytes) => {
    const photo = await gate.accept(await bytes());
    expect(await sharp(photo.bytes).metadata()).toMatchObject({ space: 'srgb', channels: 3, depth: 'uchar' });
  });

  it('keeps its transparency, and is seen before white when it is classified', async () => {
    const clear = await sharp({ create: { width: 30, height: 20, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer();
    expect(await sharp((await gate.accept(clear)).bytes).metadata()).toMatchObject({ hasAlpha: true });
    const { data } = await sharp((await gate.acceptForClassification(clear)).bytes).raw().toBuffer({ resolveWithObject: true });
    expect(data[0]).toBe(255);
  });

  it('may have a single pixel', async () => {
    const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } }).jpeg().toBuffer();
    expect(await gate.accept(dot)).toMatchObject({ width: 1, height: 1 });
  });
});

describe('orientation', () => {
  // What a camera stores when the scene, upright, looks like `picture()`.
  const stored: Record<number, (upright: Buffer) => Promise<Buffer>> = {
    1: async (upright) => upright,
    2: (upright) => sharp(upright).flop().toBuffer(),
    3: (upright) => sharp(upright).rotate(180).toBuffer(),
    4: (upright) => sharp(upright).flip().toBuffer(),
    5: async (upright) => sharp(await sharp(upright).rotate(90).toBuffer()).flop().toBuffer(),
    6: (upright) => sharp(upright).rotate(270).toBuffer(),
    7: async (upright) => sharp(await sharp(upright).rotate(90).toBuffer()).flip().toBuffer(),
    8: (upright) => sharp(upright).rotate(90).toBuffer(),
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i becomes the same upright picture', async (orientation) => {
    const upright = await picture().png().toBuffer();
    const pixels = await stored[orientation]!(upright);
    const photo = await gate.accept(await sharp(pixels).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer());
    expect(photo).toMatchObject({ width: 120, height: 80 });
    expect((await sharp(photo.bytes).metadata()).orientation).toBeUndefined();
    expect(await distance(photo.bytes, upright)).toBeLessThan(6);
  });
});

describe('what is left of the sender\'s bytes', () => {
  const place = { IFD0: { Artist: 'a-person' }, IFD3: { GPSLatitudeRef: 'S', GPSLatitude: '23/1 33/1 0/1' } };

  it.each(['jpeg', 'png', 'webp'] as const)('no place, no author, no profile: %s', async (format) => {
    const bytes = await picture().withExif(place).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">a-secret</x:xmpmeta>').toFormat(format).toBuffer();
    expect(bytes.includes('a-person')).toBe(true);
    const photo = await gate.accept(bytes);
    expect(await sharp(photo.bytes).metadata()).not.toHaveProperty('exif');
    expect(await sharp(photo.bytes).metadata()).not.toHaveProperty('xmp');
    expect(photo.bytes.includes('a-person')).toBe(false);
    expect(photo.bytes.includes('a-secret')).toBe(false);
  });

  it('no second file behind the picture', async () => {
    const photo = await gate.accept(Buffer.concat([await jpeg(), Buffer.from('PK\x03\x04 <?php system($_GET[0]); ?>')]));
    expect(photo.bytes.includes('<?php')).toBe(false);
  });
});

it('gives the checksum of what it answers', async () => {
  const photo = await gate.accept(await jpeg());
  expect(photo.sha256).toBe(createHash('sha256').update(photo.bytes).digest('hex'));
});

it('answers a small JPEG for classification, never enlarging', async () => {
  expect(await gate.acceptForClassification(await picture(1_600, 1_200).png().toBuffer())).toMatchObject({ contentType: 'image/jpeg', width: 640, height: 480 });
  expect(await gate.acceptForClassification(await jpeg())).toMatchObject({ width: 120, height: 80 });
});

describe('a photo that brings its process down', () => {
  let folder: string;
  let fragile: ProcessPhotoGate;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gate-'));
    const workerFile = path.join(folder, 'fragile.worker.mjs');
    const real = pathToFileURL(builtFile(import.meta.url, './photo.worker.js')).href;
    await writeFile(
      workerFile,
      `const { read } = process.stdin;
       process.stdin.read = function (size) {
         const bytes = read.call(this, size);
         if (bytes?.includes('CRASH')) process.abort();
         if (bytes?.includes('HANG')) for (;;);
         return bytes;
       };
       await import(${JSON.stringify(real)});`,
    );
    fragile = new ProcessPhotoGate({ workerFile, deadlineMs: 2_000 });
  });
  afterAll(async () => {
    fragile.close();
    await rm(folder, { recursive: true });
  });

  const poisoned = async (poison: string) => Buffer.concat([await jpeg(), Buffer.from(poison)]);

  it('is refused alone, among others', async () => {
    const good = await jpeg();
    const photos = [good, await poisoned('CRASH'), good, good, await poisoned('CRASH'), good];
    const results = await Promise.allSettled(photos.map((photo) => fragile.accept(photo)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'PHOTO_UNREADABLE' } });
  });

  it('is refused when it never ends', async () => {
    await expect(fragile.accept(await poisoned('HANG'))).rejects.toThrow('longer than 2 s');
    await expect(fragile.accept(await jpeg())).resolves.toMatchObject({ width: 120 });
  });

  it('is not blamed when the process can\'t even start', async () => {
    const broken = new ProcessPhotoGate({ workerFile: path.join(folder, 'absent.mjs') });
    await expect(broken.accept(await jpeg())).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    broken.close();
  });
});

it('refuses what comes after it closed', async () => {
  const closing = new ProcessPhotoGate();
  closing.close();
  await expect(closing.accept(await jpeg())).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
});

/** Mean difference of the samples of two pictures of one size, 0 to 255. */
async function distance(a: Buffer, b: Buffer): Promise<number> {
  const [left, right] = await Promise.all([a, b].map((image) => sharp(image).removeAlpha().raw().toBuffer()));
  return left!.reduce((sum, sample, index) => sum + Math.abs(sample - right![index]!), 0) / left!.length;
}
