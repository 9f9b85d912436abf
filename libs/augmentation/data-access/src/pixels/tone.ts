import type { RgbImage } from '@repo/augmentation-domain';

/** Every channel times `factor`. */
export function brighten(image: RgbImage, factor: number): RgbImage {
  const curve = toneCurve((value) => value * factor);
  return applyCurves(image, curve, curve, curve);
}

/** Distance from the grey level `pivot` times `factor`. */
export function addContrast(image: RgbImage, factor: number, pivot: number): RgbImage {
  const curve = toneCurve((value) => pivot + (value - pivot) * factor);
  return applyCurves(image, curve, curve, curve);
}

/** Each channel times its own factor, as another light would do it. */
export function shiftColours(image: RgbImage, { red, green, blue }: { red: number; green: number; blue: number }): RgbImage {
  const [reds, greens, blues] = [red, green, blue].map((factor) => toneCurve((value) => value * factor));
  return applyCurves(image, reds!, greens!, blues!);
}

/** Distance from grey times `saturation`, and a turn of the colour circle; luma stays. */
export function changeColours(image: RgbImage, { saturation, degrees }: { saturation: number; degrees: number }): RgbImage {
  return applyMatrix(image, colourMatrix(saturation, degrees), 0);
}

export interface Jitter {
  brightness: number;
  contrast: number;
  saturation: number;
  /** Turn of the colour circle. */
  degrees: number;
}

/** Brightness, contrast about mid-grey, saturation and hue in one pass. */
export function jitterColours(image: RgbImage, { brightness, contrast, saturation, degrees }: Jitter): RgbImage {
  const gain = brightness * contrast;
  // The matrix leaves greys as they are, so the offset of the contrast can be added after it.
  return applyMatrix(image, colourMatrix(saturation, degrees).map((weight) => weight * gain), 128 * (1 - contrast));
}

function toneCurve(value: (grey: number) => number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, grey) => value(grey));
}

function applyCurves({ data, width, height }: RgbImage, reds: Uint8ClampedArray, greens: Uint8ClampedArray, blues: Uint8ClampedArray): RgbImage {
  const changed = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    changed[at] = reds[data[at]!]!;
    changed[at + 1] = greens[data[at + 1]!]!;
    changed[at + 2] = blues[data[at + 2]!]!;
  }
  return { data: changed, width, height };
}

// The luma weights of ITU-R BT.601.
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/**
 * The 3 x 3 matrix (row by row) that turns and stretches the plane of the colour differences U and V,
 * which are scaled as in analogue video (0.492 and 0.877: ITU-R BT.470) so that a turn keeps colours in gamut.
 */
export function colourMatrix(saturation: number, degrees: number): number[] {
  const cos = saturation * Math.cos((degrees * Math.PI) / 180);
  const sin = saturation * Math.sin((degrees * Math.PI) / 180);
  const columns = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].map(([red, green, blue]) => {
    const luma = RED * red! + GREEN * green! + BLUE * blue!;
    const u = 0.492 * (blue! - luma);
    const v = 0.877 * (red! - luma);
    const turnedRed = luma + (u * sin + v * cos) / 0.877;
    const turnedBlue = luma + (u * cos - v * sin) / 0.492;
    return [turnedRed, (luma - RED * turnedRed - BLUE * turnedBlue) / GREEN, turnedBlue];
  });
  return [0, 1, 2].flatMap((row) => columns.map((column) => column[row]!));
}

function applyMatrix({ data, width, height }: RgbImage, matrix: readonly number[], offset: number): RgbImage {
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = matrix as [number, number, number, number, number, number, number, number, number];
  const changed = new Uint8ClampedArray(data.length); // rounds and clamps by itself
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at]!;
    const green = data[at + 1]!;
    const blue = data[at + 2]!;
    changed[at] = rr * red + rg * green + rb * blue + offset;
    changed[at + 1] = gr * red + gg * green + gb * blue + offset;
    changed[at + 2] = br * red + bg * green + bb * blue + offset;
  }
  return { data: new Uint8Array(changed.buffer), width, height };
}
