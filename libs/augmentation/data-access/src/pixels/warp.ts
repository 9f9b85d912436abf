import { seededRandom, type RgbImage } from '@repo/augmentation-domain';
import { reflect } from './reflect.js';

/** Fills `xs` and `ys` with where in the source the pixels of row `y` come from. */
type SourceOfRow = (y: number, xs: Float64Array, ys: Float64Array) => void;

/** Turns about the middle, clockwise; the frame stays, its corners fill with the mirror image. */
export function rotate(image: RgbImage, degrees: number): RgbImage {
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  return project(image, [cos, sin, 0, -sin, cos, 0, 0, 0, 1]);
}

/** Above 1 comes closer, below 1 steps back; the frame stays. */
export function zoom(image: RgbImage, factor: number): RgbImage {
  return project(image, [1 / factor, 0, 0, 0, 1 / factor, 0, 0, 0, 1]);
}

/** As far from the picture as 1.2 times its longest side: a phone's view of a thing that fills the frame. */
const VIEWING_DISTANCE = 1.2;

/** The picture as a plane in space, turned about its upright (`yaw`) and its level (`pitch`) middle line, seen by a pinhole camera. */
export function turnInSpace(image: RgbImage, { yaw, pitch }: { yaw: number; pitch: number }): RgbImage {
  const distance = VIEWING_DISTANCE * Math.max(image.width, image.height);
  const [cosYaw, sinYaw] = [Math.cos((yaw * Math.PI) / 180), Math.sin((yaw * Math.PI) / 180)];
  const [cosPitch, sinPitch] = [Math.cos((pitch * Math.PI) / 180), Math.sin((pitch * Math.PI) / 180)];
  return project(
    image,
    // prettier-ignore
    invert([
      distance * cosYaw, 0, 0,
      distance * sinYaw * sinPitch, distance * cosPitch, 0,
      -sinYaw * cosPitch, sinPitch, distance,
    ]),
  );
}

/** Random shifts of at most `strength` pixels at the nodes of a `grid` x `grid` net, joined by a uniform cubic B-spline. */
export function bend(image: RgbImage, { grid, strength, seed }: { grid: number; strength: number; seed: number }): RgbImage {
  const { width, height } = image;
  // One row and column of nodes before the image and two behind it: the spline needs four around every point.
  const nodes = grid + 3;
  const random = seededRandom(`elastic/${seed}`);
  const shifts = Float64Array.from({ length: nodes * nodes * 2 }, () => random.between(-strength, strength));
  const columns = splineWeights(width, grid);
  const rows = splineWeights(height, grid);
  const rowShifts = new Float64Array(nodes * 2);
  return resample(image, (y, xs, ys) => {
    rowShifts.fill(0);
    for (let tap = 0; tap < 4; tap++) {
      const weight = rows.weights[y * 4 + tap]!;
      const from = (rows.cells[y]! + tap) * nodes * 2;
      for (let at = 0; at < rowShifts.length; at++) {
        rowShifts[at]! += weight * shifts[from + at]!;
      }
    }
    for (let x = 0; x < width; x++) {
      let shiftX = 0;
      let shiftY = 0;
      for (let tap = 0, at = columns.cells[x]! * 2; tap < 4; tap++, at += 2) {
        const weight = columns.weights[x * 4 + tap]!;
        shiftX += weight * rowShifts[at]!;
        shiftY += weight * rowShifts[at + 1]!;
      }
      xs[x] = x + shiftX;
      ys[x] = y + shiftY;
    }
  });
}

function splineWeights(length: number, grid: number): { cells: Int32Array; weights: Float64Array } {
  const cells = new Int32Array(length);
  const weights = new Float64Array(length * 4);
  for (let position = 0; position < length; position++) {
    const place = (position / length) * (grid - 1);
    const cell = Math.floor(place);
    const t = place - cell;
    cells[position] = cell;
    weights.set([(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6], position * 4);
  }
  return { cells, weights };
}

/** 3 x 3, row by row. */
type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** @param toSource from a place in the result to one in the source, both measured from the middle */
function project(image: RgbImage, [a, b, c, d, e, f, g, h, i]: Matrix): RgbImage {
  const middleX = (image.width - 1) / 2;
  const middleY = (image.height - 1) / 2;
  return resample(image, (y, xs, ys) => {
    const v = y - middleY;
    for (let x = 0; x < xs.length; x++) {
      const u = x - middleX;
      const depth = g * u + h * v + i;
      xs[x] = (a * u + b * v + c) / depth + middleX;
      ys[x] = (d * u + e * v + f) / depth + middleY;
    }
  });
}

/** By cofactors; the scale is left as it falls, a projection does not see it. */
function invert([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  return [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
}

/** Bilinear; what lies outside the source is its mirror image. */
function resample({ data, width, height }: RgbImage, sourceOfRow: SourceOfRow): RgbImage {
  const moved = new Uint8ClampedArray(data.length);
  const xs = new Float64Array(width);
  const ys = new Float64Array(width);
  for (let y = 0, at = 0; y < height; y++) {
    sourceOfRow(y, xs, ys);
    for (let x = 0; x < width; x++, at += 3) {
      const left = Math.floor(xs[x]!);
      const top = Math.floor(ys[x]!);
      const right = xs[x]! - left;
      const bottom = ys[x]! - top;
      const isInside = left >= 0 && top >= 0 && left < width - 1 && top < height - 1;
      const x0 = isInside ? left : reflect(left, width);
      const x1 = isInside ? left + 1 : reflect(left + 1, width);
      const y0 = (isInside ? top : reflect(top, height)) * width;
      const y1 = (isInside ? top + 1 : reflect(top + 1, height)) * width;
      const [nw, ne, sw, se] = [(y0 + x0) * 3, (y0 + x1) * 3, (y1 + x0) * 3, (y1 + x1) * 3];
      const [wnw, wne, wsw, wse] = [(1 - right) * (1 - bottom), right * (1 - bottom), (1 - right) * bottom, right * bottom];
      moved[at] = data[nw]! * wnw + data[ne]! * wne + data[sw]! * wsw + data[se]! * wse;
      moved[at + 1] = data[nw + 1]! * wnw + data[ne + 1]! * wne + data[sw + 1]! * wsw + data[se + 1]! * wse;
      moved[at + 2] = data[nw + 2]! * wnw + data[ne + 2]! * wne + data[sw + 2]! * wsw + data[se + 2]! * wse;
    }
  }
  return { data: new Uint8Array(moved.buffer), width, height };
}
