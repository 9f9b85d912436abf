import type { PixelSize } from './variant.js';

/** What a reader found in the bytes of a variant. */
export interface VariantFacts {
  readonly bytes: number;
  /** Undefined: the bytes are no image, or break off. */
  readonly decoded?: { readonly format: string; readonly width: number; readonly height: number } | undefined;
}

/** Why a variant is not stored. `transform_failed`: there are no bytes at all. */
export type VariantDefect = 'transform_failed' | 'too_small' | 'undecodable' | 'wrong_format' | 'wrong_dimensions';

/** The smallest JPEG that decoders take has 125 bytes: less is cut off. */
const MIN_BYTES = 125;
const FORMATS = ['jpeg', 'png'];

/** The first rule that the bytes of a variant break; undefined when it is sound. */
export function findDefect({ bytes, decoded }: VariantFacts, expected: PixelSize): VariantDefect | undefined {
  if (bytes < MIN_BYTES) {
    return 'too_small';
  }
  if (!decoded) {
    return 'undecodable';
  }
  if (!FORMATS.includes(decoded.format)) {
    return 'wrong_format';
  }
  return decoded.width === expected.width && decoded.height === expected.height ? undefined : 'wrong_dimensions';
}
