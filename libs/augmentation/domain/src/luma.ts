import type { RgbImage } from './rgb-image.js';

/** One byte per pixel: how bright it looks, 0 (black) to 255 (white). */
export interface Luma {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * The weights of ITU-R BT.601 (0.299, 0.587, 0.114), as OpenCV and JPEG use them,
 * in 8-bit fixed point: at most one grey level away from the exact sum.
 */
export function toLuma({ data, width, height }: RgbImage): Luma {
  const luma = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += 3) {
    luma[pixel] = (77 * data[at]! + 150 * data[at + 1]! + 29 * data[at + 2]! + 128) >> 8;
  }
  return { data: luma, width, height };
}
