import { toLuma, type Luma, type RgbImage } from '@repo/augmentation-domain';
import { reflect } from './reflect.js';

export interface ClaheSettings {
  /** The image is cut into `tiles` x `tiles`. */
  tiles: number;
  /** How many times the mean height a bar of a tile's histogram may have. */
  clipLimit: number;
}

/** Equalises the luma and moves the three channels by the same amount, so that the colours stay. */
export function claheRgb(image: RgbImage, settings: ClaheSettings): RgbImage {
  const luma = toLuma(image);
  const equalised = clahe(luma, settings);
  const changed = new Uint8ClampedArray(image.data);
  for (let pixel = 0, at = 0; pixel < luma.data.length; pixel++, at += 3) {
    const difference = equalised.data[pixel]! - luma.data[pixel]!;
    changed[at]! += difference;
    changed[at + 1]! += difference;
    changed[at + 2]! += difference;
  }
  return { ...image, data: new Uint8Array(changed.buffer) };
}

/**
 * Contrast-limited adaptive histogram equalisation (Zuiderveld, "Contrast limited adaptive histogram
 * equalization", Graphics Gems IV, 1994) with OpenCV's choices (modules/imgproc/src/clahe.cpp):
 * what is cut off a bar goes to all of them, and an image that the tiles don't divide is continued by
 * reflection. At most one grey level away from `cv2.createCLAHE(clipLimit, (tiles, tiles))`.
 */
export function clahe(luma: Luma, { tiles, clipLimit }: ClaheSettings): Luma {
  const { data, width, height } = luma;
  const divides = width % tiles === 0 && height % tiles === 0;
  // Not the nearest multiple: OpenCV adds a whole tile's worth to a side that would divide, too.
  const tileWidth = divides ? width / tiles : Math.floor(width / tiles) + 1;
  const tileHeight = divides ? height / tiles : Math.floor(height / tiles) + 1;
  const curves = tileCurves(luma, { tiles, clipLimit, tileWidth, tileHeight });
  const equalised = new Uint8Array(data.length);
  const columns = interpolate(width, tileWidth, tiles);
  const rows = interpolate(height, tileHeight, tiles);
  for (let y = 0, at = 0; y < height; y++) {
    const below = rows.share[y]!;
    const above = 1 - below;
    const upper = rows.before[y]! * tiles * 256;
    const lower = rows.after[y]! * tiles * 256;
    for (let x = 0; x < width; x++, at++) {
      const grey = data[at]!;
      const right = columns.share[x]!;
      const left = 1 - right;
      const before = columns.before[x]! * 256 + grey;
      const after = columns.after[x]! * 256 + grey;
      const top = curves[upper + before]! * left + curves[upper + after]! * right;
      const bottom = curves[lower + before]! * left + curves[lower + after]! * right;
      equalised[at] = top * above + bottom * below + 0.5;
    }
  }
  return { data: equalised, width, height };
}

/** 256 new grey levels for each tile, tile after tile. */
function tileCurves(
  { data, width, height }: Luma,
  { tiles, clipLimit, tileWidth, tileHeight }: ClaheSettings & { tileWidth: number; tileHeight: number },
): Uint8Array {
  const area = tileWidth * tileHeight;
  const limit = Math.max(1, Math.floor((clipLimit * area) / 256));
  const curves = new Uint8Array(tiles * tiles * 256);
  const histogram = new Int32Array(256);
  for (let tile = 0; tile < tiles * tiles; tile++) {
    histogram.fill(0);
    const left = (tile % tiles) * tileWidth;
    const top = Math.floor(tile / tiles) * tileHeight;
    for (let y = top; y < top + tileHeight; y++) {
      const row = (y < height ? y : reflect(y, height)) * width;
      const inside = Math.min(left + tileWidth, width);
      for (let x = left; x < inside; x++) {
        histogram[data[row + x]!]!++;
      }
      for (let x = Math.max(left, inside); x < left + tileWidth; x++) {
        histogram[data[row + reflect(x, width)]!]!++;
      }
    }
    clip(histogram, limit);
    let sum = 0;
    for (let grey = 0; grey < 256; grey++) {
      sum += histogram[grey]!;
      curves[tile * 256 + grey] = Math.min(255, Math.round((sum * 255) / area));
    }
  }
  return curves;
}

/** Cuts every bar to `limit` and spreads what was cut evenly; a rest goes to bars at equal distances. */
function clip(histogram: Int32Array, limit: number): void {
  let excess = 0;
  for (let grey = 0; grey < 256; grey++) {
    const surplus = histogram[grey]! - limit;
    if (surplus > 0) {
      excess += surplus;
      histogram[grey] = limit;
    }
  }
  const share = Math.floor(excess / 256);
  let rest = excess - share * 256;
  const step = rest > 0 ? Math.max(1, Math.floor(256 / rest)) : 1;
  for (let grey = 0; grey < 256; grey++) {
    histogram[grey]! += share;
    if (rest > 0 && grey % step === 0) {
      histogram[grey]!++;
      rest--;
    }
  }
}

/** For each position of a side: the tiles whose middles it lies between, and how near the second is. */
function interpolate(length: number, tileLength: number, tiles: number) {
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const share = new Float32Array(length);
  for (let position = 0; position < length; position++) {
    const between = position / tileLength - 0.5;
    const tile = Math.floor(between);
    before[position] = Math.max(0, tile);
    after[position] = Math.min(tiles - 1, tile + 1);
    share[position] = between - tile;
  }
  return { before, after, share };
}
