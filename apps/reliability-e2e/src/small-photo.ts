import { seededRandom } from '@repo/kernel';
import sharp from 'sharp';

/** Side of one patch of colour, in pixels. */
const PATCH_PX = 20;

/**
 * A JPEG of coloured patches that is no other's: sharp and bright enough to count as a good photo, and cheap to work on.
 *
 * @param seed the same seed gives the same photo
 * @param sidePx a multiple of 20
 */
export async function smallPhoto(seed: number, sidePx = 160): Promise<Buffer> {
  const random = seededRandom(seed);
  const patches = sidePx / PATCH_PX;
  const colours = Uint8Array.from({ length: patches * patches * 3 }, () => Math.floor(random() * 256));
  return sharp(colours, { raw: { width: patches, height: patches, channels: 3 } })
    .resize(sidePx, sidePx, { kernel: 'nearest' })
    .jpeg()
    .toBuffer();
}
