import { seededRandom } from '@repo/kernel';
import sharp from 'sharp';

/** Side of one patch of colour, in pixels. */
const PATCH_PX = 20;

export interface PhotoLook {
  /** A multiple of 20; 160 by default. */
  sidePx?: number;
  /** Red, green and blue that every patch leans to, 0 to 255 each: what makes photos of one category alike. */
  tint?: readonly [number, number, number];
}

/**
 * A JPEG of coloured patches that is no other's: sharp and bright enough to count as a good photo, and cheap to work on.
 *
 * @param seed the same seed gives the same photo
 */
export async function smallPhoto(seed: number, { sidePx = 160, tint }: PhotoLook = {}): Promise<Buffer> {
  const random = seededRandom(seed);
  const patches = sidePx / PATCH_PX;
  const colours = Uint8Array.from({ length: patches * patches * 3 }, (_, index) => (tint ? 0.6 * tint[index % 3]! + 100 * random() : 256 * random()));
  return sharp(colours, { raw: { width: patches, height: patches, channels: 3 } })
    .resize(sidePx, sidePx, { kernel: 'nearest' })
    .jpeg()
    .toBuffer();
}
