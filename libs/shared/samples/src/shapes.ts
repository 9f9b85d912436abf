/** A colour as hue (degrees), saturation and lightness (percent). */
export interface Colour {
  readonly h: number;
  readonly s: number;
  readonly l: number;
}

export const colour = (h: number, s: number, l: number): Colour => ({ h, s, l });

/** As SVG reads it; `lighter` is added to the lightness in percent. */
export function css({ h, s, l }: Colour, lighter = 0): string {
  return `hsl(${round(((h % 360) + 360) % 360)},${round(s)}%,${round(Math.min(100, Math.max(0, l + lighter)))}%)`;
}

/** Two digits are a hundredth of a percent of a picture's side, and keep the SVG short. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The point at `degrees` on a circle around the origin; 0 is up, clockwise. */
export function onCircle(radius: number, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  return { x: Math.sin(angle) * radius, y: -Math.cos(angle) * radius };
}

/** A closed path through the points. */
export function polygon(points: readonly Point[]): string {
  return `M${points.map(({ x, y }) => `${round(x)} ${round(y)}`).join('L')}Z`;
}

/** A closed smooth path whose corners lie halfway between the points (quadratic B-spline). */
export function blob(points: readonly Point[]): string {
  const halfway = (a: Point, b: Point) => `${round((a.x + b.x) / 2)} ${round((a.y + b.y) / 2)}`;
  const last = points.at(-1);
  const first = points[0];
  if (!first || !last) {
    return '';
  }
  const curves = points.map((point, i) => `Q${round(point.x)} ${round(point.y)} ${halfway(point, points[(i + 1) % points.length] ?? first)}`);
  return `M${halfway(last, first)}${curves.join('')}Z`;
}

/** A star with `tips` tips between two radii. */
export function star(tips: number, outer: number, inner: number): string {
  return polygon(Array.from({ length: tips * 2 }, (_, i) => onCircle(i % 2 === 0 ? outer : inner, (i * 180) / tips)));
}

/** `count` copies of a fragment, turned evenly around the origin. */
export function around(count: number, fragment: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => `<g transform="rotate(${round((i * 360) / count)})">${fragment(i)}</g>`).join('');
}

export function linearGradient(id: string, stops: readonly (readonly [offset: number, colour: string])[], degrees = 90): string {
  const end = onCircle(0.5, degrees + 90);
  const at = `x1="${round(0.5 - end.x)}" y1="${round(0.5 - end.y)}" x2="${round(0.5 + end.x)}" y2="${round(0.5 + end.y)}"`;
  return `<linearGradient id="${id}" ${at}>${stopList(stops)}</linearGradient>`;
}

export function radialGradient(id: string, stops: readonly (readonly [offset: number, colour: string])[], cx = 0.5, cy = 0.5): string {
  return `<radialGradient id="${id}" cx="${cx}" cy="${cy}" r="0.7">${stopList(stops)}</radialGradient>`;
}

function stopList(stops: readonly (readonly [offset: number, colour: string])[]): string {
  return stops.map(([offset, paint]) => `<stop offset="${round(offset)}" stop-color="${paint}"/>`).join('');
}

/**
 * A digit as strokes in a box 10 wide and 18 high, upper left corner at the origin.
 * Strokes instead of text: fonts differ from machine to machine.
 */
export function digit(value: number): string {
  const strokes = digitStrokes[value % 10] ?? '';
  return `<path d="${strokes}" fill="none" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>`;
}

const digitStrokes = [
  'M5 1C-1 1-1 17 5 17C11 17 11 1 5 1Z',
  'M2 4L6 1V17',
  'M1 5C1-1 10 0 9 6C8 10 3 13 1 17H10',
  'M1 2H9L5 8C11 8 11 17 5 17C2 17 1 15 1 14',
  'M7 17V1L0 12H10',
  'M9 1H2L1.500 8C11 6 11 17 5 17C2 17 1 15 0.500 14',
  'M8 1C2 3 0 9 1 13C2 18 9 18 9 13C9 8 2 8 1 13',
  'M1 1H10L4 17',
  'M5 8C0 8 0 1 5 1C10 1 10 8 5 8C-1 8-1 17 5 17C11 17 11 8 5 8Z',
  'M2 17C8 15 10 9 9 5C8 0 1 0 1 5C1 10 8 10 9 5',
];

/** A number written with `digit`, centred on the origin; `height` in units. */
export function numeral(value: number, height: number, paint: string): string {
  const digits = [...String(value)].map(Number);
  const scale = height / 18;
  const width = digits.length * 13 - 3;
  const drawn = digits.map((each, i) => `<g transform="translate(${i * 13 - width / 2} -9)">${digit(each)}</g>`).join('');
  return `<g transform="scale(${round(scale)})" stroke="${paint}">${drawn}</g>`;
}
