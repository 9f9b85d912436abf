import { photograph } from './camera.js';
import type { Draw } from './drawing.js';
import { drawButterfly } from './kinds/butterfly.js';
import { drawCar } from './kinds/car.js';
import { drawCoin } from './kinds/coin.js';
import { drawMineral } from './kinds/mineral.js';
import { drawStamp } from './kinds/stamp.js';
import { drawWatch } from './kinds/watch.js';
import { Random } from './random.js';
import { layOut } from './scene.js';
import type { Setting } from './setting.js';

export const sampleKinds = ['coins', 'stamps', 'cars', 'minerals', 'watches', 'butterflies'] as const;
export type SampleKind = (typeof sampleKinds)[number];

interface Kind {
  readonly category: string;
  readonly draw: Draw;
  /** How far people turn such a thing for a photo, in degrees to either side. */
  readonly turnDegrees: number;
}

const kinds: Record<SampleKind, Kind> = {
  coins: { category: 'Moedas', draw: drawCoin, turnDegrees: 30 },
  stamps: { category: 'Selos', draw: drawStamp, turnDegrees: 14 },
  cars: { category: 'Carros', draw: drawCar, turnDegrees: 8 },
  minerals: { category: 'Minerais', draw: drawMineral, turnDegrees: 14 },
  watches: { category: 'Relógios', draw: drawWatch, turnDegrees: 26 },
  butterflies: { category: 'Borboletas', draw: drawButterfly, turnDegrees: 22 },
};

/** The category a collector would file this kind under, in Portuguese. */
export function sampleCategory(kind: SampleKind): string {
  return kinds[kind].category;
}

/** What a collector would call this item, in Portuguese. Other seeds may share the name. */
export function sampleName(kind: SampleKind, itemSeed: number): string {
  return kinds[kind].draw(new Random(kind, itemSeed), new Random('name')).name;
}

/**
 * Draws one photo of one thing. The same arguments give the same bytes (with the same
 * version of sharp); another `viewSeed` gives another photo of the same thing, with its
 * own pose, light, surface and grain.
 *
 * @param itemSeed whole number: which thing of this kind
 * @param viewSeed whole number: which photo of it
 * @param sizePx side of the square photo, in pixels: 32 to 8,000
 * @returns a JPEG. Throws RangeError for other sizes.
 */
export async function drawSample(kind: SampleKind, itemSeed: number, viewSeed: number, sizePx: number, setting: Setting = 'varied'): Promise<Buffer> {
  if (!Number.isInteger(sizePx) || sizePx < 32 || sizePx > 8000) {
    throw new RangeError(`sizePx must be a whole number from 32 to 8000, got ${sizePx}`);
  }
  const view = new Random(kind, itemSeed, 'view', viewSeed);
  const { draw, turnDegrees } = kinds[kind];
  const { svg } = draw(new Random(kind, itemSeed), view);
  return photograph(layOut(svg, turnDegrees, sizePx, setting, view), sizePx, setting, view);
}
