import { createHash } from 'node:crypto';
import type { ItemId, PhotoId } from '@repo/kernel';
import { slugOf } from './category-rules.js';

/**
 * What can be done to a photo, with its parameters. Lengths are thousandths of the longest side,
 * so that a variant looks the same at every stored size; angles are degrees, clockwise.
 */
export type Transformation =
  | { readonly transform: 'rotate-90' | 'rotate-180' | 'rotate-270'; readonly params: Record<string, never> }
  | { readonly transform: 'flip-horizontal' | 'flip-vertical'; readonly params: Record<string, never> }
  /** Every channel times `factor`. */
  | { readonly transform: 'brightness'; readonly params: { readonly factor: number } }
  /** Distance from the grey level `pivot` times `factor`. */
  | { readonly transform: 'contrast'; readonly params: { readonly factor: number; readonly pivot: number } }
  /** Gaussian with standard deviation `sigma`, a length. */
  | { readonly transform: 'blur'; readonly params: { readonly sigma: number } }
  /** Contrast-limited equalisation of the luma in `tiles` x `tiles` tiles. */
  | { readonly transform: 'clahe'; readonly params: { readonly tiles: number; readonly clipLimit: number } }
  /** The middle `share` of each side. */
  | { readonly transform: 'central-crop'; readonly params: { readonly share: number } }
  /** Distance from grey times `factor`. */
  | { readonly transform: 'saturation'; readonly params: { readonly factor: number } }
  /** Turn of the colour circle at equal luma. */
  | { readonly transform: 'hue'; readonly params: { readonly degrees: number } }
  | { readonly transform: 'rotation'; readonly params: { readonly degrees: number } }
  /** Above 1 comes closer, below 1 steps back. */
  | { readonly transform: 'zoom'; readonly params: { readonly factor: number } }
  /** The camera walks round the thing: `yaw` sideways, `pitch` up and down. */
  | { readonly transform: 'perspective'; readonly params: { readonly yaw: number; readonly pitch: number } }
  /** Random shifts of at most `strength`, a length, at the nodes of a `grid` x `grid` net, smooth in between. */
  | { readonly transform: 'elastic'; readonly params: { readonly grid: number; readonly strength: number; readonly seed: number } }
  /** Brightness, contrast about mid-grey, saturation and hue at once. */
  | {
      readonly transform: 'colour-jitter';
      readonly params: { readonly brightness: number; readonly contrast: number; readonly saturation: number; readonly degrees: number };
    }
  /** Another light: a factor for each channel. */
  | { readonly transform: 'colour-shift'; readonly params: { readonly red: number; readonly green: number; readonly blue: number } };

export type Transform = Transformation['transform'];

/** How variants are stored; part of what makes their bytes, hence of their keys. */
export interface VariantFormat {
  /** Longest side in pixels; a smaller photo is not enlarged. 0 keeps the photo's size. */
  readonly longSide: number;
  /** Quality of the JPEG, 1 to 100. */
  readonly jpegQuality: number;
}

/** One variant to make. `paramsHash` names transformation, parameters and format: same photo and hash, same bytes. */
export type PlannedVariant = Transformation & { readonly paramsHash: string };

/** The first 16 hexadecimal digits of the SHA-256 of the canonical JSON (keys sorted, no spaces). */
export function hashParams({ transform, params }: Transformation, format: VariantFormat): string {
  const parts: Record<string, number | string> = { ...params, transform, longSide: format.longSide, jpegQuality: format.jpegQuality };
  const canonical = JSON.stringify(Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))));
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}

/** Which photo of which item in which category. */
export interface PhotoPlace {
  readonly category: string;
  readonly itemId: ItemId;
  readonly photoId: PhotoId;
}

/** The key (bucket `processed`) that every variant of a photo begins with. */
export function variantPrefix({ category, itemId, photoId }: PhotoPlace): string {
  return `training/${slugOf(category)}/${itemId}/${photoId}/`;
}

/** Made from the variant alone, so that a second run overwrites instead of adding. */
export function variantKey(place: PhotoPlace, { transform, paramsHash }: PlannedVariant): string {
  return `${variantPrefix(place)}${transform}-${paramsHash}.jpg`;
}

/** The photo that a key of `variantKey` belongs to; undefined for any other key. */
export function photoOfVariant(key: string): PhotoId | undefined {
  const [top, , , photoId, file] = key.split('/');
  return top === 'training' && file !== undefined ? (photoId as PhotoId) : undefined;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** The size of a variant of a photo of that size. */
export function sizeAfter({ transform, params }: Transformation, { width, height }: PixelSize): PixelSize {
  if (transform === 'rotate-90' || transform === 'rotate-270') {
    return { width: height, height: width };
  }
  if (transform === 'central-crop') {
    return { width: shareOf(width, params.share), height: shareOf(height, params.share) };
  }
  return { width, height };
}

function shareOf(side: number, share: number): number {
  return Math.max(1, Math.round(side * share));
}
