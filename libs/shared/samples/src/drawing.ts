import type { Random } from './random.js';

/** One thing, drawn in a square from -100 to 100. */
export interface Drawing {
  /** What a collector would write on its card, in Portuguese like the categories. */
  readonly name: string;
  readonly svg: string;
}

/**
 * @param item decides everything that makes this thing this thing
 * @param view decides what differs from photo to photo of it: the hands of a watch
 */
export type Draw = (item: Random, view: Random) => Drawing;
