import { createHash } from 'node:crypto';
import {
  findDefect,
  MEASURED_LONG_SIDE,
  measureQuality,
  planVariants,
  sizeAfter,
  toLuma,
  type PlannedVariant,
  type RenderedPhoto,
  type RenderedVariant,
  type RenderOrder,
  type RgbImage,
  type VariantFacts,
  type VariantFormat,
} from '@repo/augmentation-domain';
import { preparePhotoDecoding } from '@repo/images/photo-decoding';
import { crashPoint } from '@repo/kernel';
import sharp from 'sharp';
import { applyTransformation, asSharp } from './apply-transformation.js';

preparePhotoDecoding();

/** Of the largest photo that has two variants in work at once. */
const TWO_LANE_PIXELS = 4_000_000;

/** The bytes can't be decoded. */
export class UndecodableError extends Error {}

/** What the image process makes of a photo; the rest of `RenderedPhoto` is known outside of it only. */
export type Rendering = Omit<RenderedPhoto, 'stagesMs' | 'workerMemoryBytes'> & {
  stagesMs: Omit<RenderedPhoto['stagesMs'], 'wait'>;
};

/**
 * Decodes the photo once, measures it, plans its variants and makes and checks them one after the other.
 * For the image process alone: native decoders can crash. Throws UndecodableError.
 */
export async function renderPhoto(photo: Buffer, order: Omit<RenderOrder, 'photoId'>, format: VariantFormat): Promise<Rendering> {
  const startedAt = performance.now();
  const decoded = await decode(photo, format);
  const quality = measureQuality(toLuma(await fitInside(decoded, MEASURED_LONG_SIDE)));
  const { badQuality, variants: plans } = planVariants({ ...order, quality }, format);
  const image = await fitInside(decoded, format.longSide || Infinity);
  const decodedAt = performance.now();

  const variants: RenderedVariant[] = [];
  let checkMs = 0;
  const remaining = plans.entries();
  // The lanes share one list: whichever is free takes the next variant.
  const lane = async (): Promise<void> => {
    for (const [index, plan] of remaining) {
      const rendered = await renderVariant(image, plan, format);
      const checkedFrom = performance.now();
      variants[index] = await check(rendered, plan, image);
      checkMs += performance.now() - checkedFrom;
      crashPoint('augment.rendered');
    }
  };
  // While libvips encodes one on its own thread, our loops make the next; for large pictures that would cost too much memory.
  const lanes = image.width * image.height > TWO_LANE_PIXELS ? 1 : 2;
  await Promise.all(Array.from({ length: lanes }, lane));
  const stagesMs = { decode: decodedAt - startedAt, render: performance.now() - decodedAt, check: checkMs };
  return { quality, badQuality, variants, stagesMs };
}

/** Upright, 8-bit sRGB without transparency, no larger than anything made of it needs; libvips skips most of a large JPEG. */
async function decode(photo: Buffer, { longSide }: VariantFormat): Promise<RgbImage> {
  const side = longSide === 0 ? undefined : Math.max(longSide, MEASURED_LONG_SIDE);
  try {
    const { data, info } = await sharp(photo)
      .autoOrient()
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true, kernel: 'linear' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    throw new UndecodableError(error instanceof Error ? error.message : String(error));
  }
}

async function fitInside(image: RgbImage, side: number): Promise<RgbImage> {
  if (Math.max(image.width, image.height) <= side) {
    return image;
  }
  const { data, info } = await asSharp(image).resize({ width: side, height: side, fit: 'inside', kernel: 'linear' }).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

type RenderedBytes = Pick<RenderedVariant, 'bytes' | 'failure'>;

/**
 * JPEG; `optimiseCoding: false` costs 1 % more bytes and saves two thirds of the time.
 * What fails, in our loops or in libvips, costs this variant alone.
 */
async function renderVariant(image: RgbImage, plan: PlannedVariant, { jpegQuality }: VariantFormat): Promise<RenderedBytes> {
  try {
    return { bytes: await applyTransformation(image, plan).jpeg({ quality: jpegQuality, optimiseCoding: false }).toBuffer() };
  } catch (error) {
    return { bytes: Buffer.alloc(0), failure: String(error) };
  }
}

async function check({ bytes, failure }: RenderedBytes, plan: PlannedVariant, source: RgbImage): Promise<RenderedVariant> {
  const size = sizeAfter(plan, source);
  const defect = failure === undefined ? findDefect({ bytes: bytes.length, decoded: await inspect(bytes) }, size) : 'transform_failed';
  return { plan, bytes, sha256: createHash('sha256').update(bytes).digest('hex'), ...size, defect, failure };
}

/** Reads every byte (a truncated or damaged file is noticed) but keeps only an eighth of the pixels' side. */
async function inspect(bytes: Buffer): Promise<VariantFacts['decoded']> {
  try {
    const variant = sharp(bytes);
    const { format, width, height } = await variant.metadata();
    await variant.resize({ width: Math.ceil(width / 8) }).raw().toBuffer();
    return { format, width, height };
  } catch {
    return undefined;
  }
}
