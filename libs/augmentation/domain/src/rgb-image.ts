/** Decoded pixels: three bytes each (red, green, blue; sRGB), row by row, no padding. */
export interface RgbImage {
  readonly data: Uint8Array;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}
