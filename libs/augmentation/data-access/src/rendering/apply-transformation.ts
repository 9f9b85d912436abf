import { sizeAfter, type RgbImage, type Transform, type Transformation } from '@repo/augmentation-domain';
import sharp, { type Sharp } from 'sharp';
import { claheRgb } from '../pixels/clahe.js';
import { addContrast, brighten, changeColours, jitterColours, shiftColours } from '../pixels/tone.js';
import { bend, rotate, turnInSpace, zoom } from '../pixels/warp.js';

type ParamsOf<T extends Transform> = Extract<Transformation, { transform: T }>['params'];

/** libvips for what it does exactly and fast, our own loops for the rest: its brightness and CLAHE cost ten times as much. */
const operations: { readonly [T in Transform]: (image: RgbImage, params: ParamsOf<T>) => Sharp } = {
  'rotate-90': (image) => asSharp(image).rotate(90),
  'rotate-180': (image) => asSharp(image).rotate(180),
  'rotate-270': (image) => asSharp(image).rotate(270),
  'flip-horizontal': (image) => asSharp(image).flop(),
  'flip-vertical': (image) => asSharp(image).flip(),
  brightness: (image, { factor }) => asSharp(brighten(image, factor)),
  contrast: (image, { factor, pivot }) => asSharp(addContrast(image, factor, pivot)),
  blur: (image, { sigma }) => asSharp(image).blur(Math.max(MIN_SIGMA, inPixels(sigma, image))),
  clahe: (image, settings) => asSharp(claheRgb(image, settings)),
  'central-crop': (image, { share }) => asSharp(image).extract(middle(image, share)),
  saturation: (image, { factor }) => asSharp(changeColours(image, { saturation: factor, degrees: 0 })),
  hue: (image, { degrees }) => asSharp(changeColours(image, { saturation: 1, degrees })),
  rotation: (image, { degrees }) => asSharp(rotate(image, degrees)),
  zoom: (image, { factor }) => asSharp(zoom(image, factor)),
  perspective: (image, angles) => asSharp(turnInSpace(image, angles)),
  elastic: (image, { grid, strength, seed }) => asSharp(bend(image, { grid, strength: inPixels(strength, image), seed })),
  'colour-jitter': (image, jitter) => asSharp(jitterColours(image, jitter)),
  'colour-shift': (image, factors) => asSharp(shiftColours(image, factors)),
};

/** The least that libvips blurs by, in pixels. */
const MIN_SIGMA = 0.3;

/** The transformed picture, not yet encoded. */
export function applyTransformation<T extends Transform>(image: RgbImage, { transform, params }: { transform: T; params: ParamsOf<T> }): Sharp {
  return operations[transform](image, params);
}

export function asSharp({ data, width, height }: RgbImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** @param length in thousandths of the longest side */
function inPixels(length: number, { width, height }: RgbImage): number {
  return (length / 1000) * Math.max(width, height);
}

function middle(image: RgbImage, share: number) {
  const { width, height } = sizeAfter({ transform: 'central-crop', params: { share } }, image);
  return { left: Math.floor((image.width - width) / 2), top: Math.floor((image.height - height) / 2), width, height };
}
