import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { blob, colour, css, onCircle, polygon, radialGradient, round, type Colour, type Point } from '../shapes.js';

interface Mineral {
  readonly name: string;
  readonly hue: readonly [number, number];
  readonly saturation: readonly [number, number];
  readonly lightness: readonly [number, number];
  readonly habit: (item: Random, base: Colour) => string;
}

const minerals: readonly [Mineral, ...Mineral[]] = [
  { name: 'Ametista', hue: [265, 285], saturation: [38, 58], lightness: [44, 56], habit: points },
  { name: 'Quartzo', hue: [190, 220], saturation: [6, 18], lightness: [74, 84], habit: points },
  { name: 'Citrino', hue: [36, 46], saturation: [70, 88], lightness: [50, 58], habit: points },
  { name: 'Turmalina', hue: [140, 170], saturation: [40, 60], lightness: [28, 38], habit: points },
  { name: 'Pirita', hue: [44, 50], saturation: [38, 50], lightness: [46, 54], habit: cubes },
  { name: 'Galena', hue: [215, 230], saturation: [6, 12], lightness: [40, 50], habit: cubes },
  { name: 'Fluorita', hue: [150, 175], saturation: [34, 52], lightness: [50, 62], habit: cubes },
  { name: 'Ágata', hue: [0, 40], saturation: [38, 66], lightness: [44, 58], habit: bands },
  { name: 'Malaquita', hue: [150, 162], saturation: [52, 70], lightness: [30, 40], habit: bands },
  { name: 'Granada', hue: [348, 362], saturation: [60, 74], lightness: [28, 36], habit: facets },
  { name: 'Olivina', hue: [70, 86], saturation: [45, 62], lightness: [40, 50], habit: facets },
];

/** A mineral on its matrix of rock: points, cubes, a banded slice or a faceted lump. */
export function drawMineral(item: Random): Drawing {
  const mineral = item.pick(minerals);
  const within = ([low, high]: readonly [number, number]) => item.between(low, high);
  const base = colour(within(mineral.hue), within(mineral.saturation), within(mineral.lightness));
  return { name: `${mineral.name}, peça ${item.whole(100, 999)}`, svg: mineral.habit(item, base) };
}

/** Rough rock under the crystals. */
function matrix(item: Random): string {
  const rock = colour(item.between(20, 45), item.between(5, 18), item.between(30, 50));
  const outline = ring(item, 13, 66, 84).map(({ x, y }) => ({ x, y: 44 + y * 0.5 }));
  const grains = Array.from({ length: 60 }, () => {
    const { x, y } = onCircle(item.between(0, 66), item.between(0, 360));
    return `<circle cx="${round(x)}" cy="${round(44 + y * 0.46)}" r="${round(item.between(0.8, 3))}" fill="${css(rock, item.between(-18, 20))}"/>`;
  });
  return `<defs>${radialGradient('rock', [[0, css(rock, 12)], [1, css(rock, -14)]], 0.4, 0.3)}</defs><path d="${polygon(outline)}" fill="url(#rock)"/>${grains.join('')}`;
}

function ring(item: Random, count: number, low: number, high: number): Point[] {
  return Array.from({ length: count }, (_, i) => onCircle(item.between(low, high), (i * 360) / count + item.between(-8, 8)));
}

/** Hexagonal prisms with a pyramid on top, the tallest in the middle and behind. */
function points(item: Random, base: Colour): string {
  const crystals = Array.from({ length: item.whole(6, 12) }, (_, i) => {
    const spread = item.between(-1, 1);
    const height = item.between(60, 128) * (1 - Math.abs(spread) * 0.35) * (1 - i * 0.035);
    const half = item.between(8, 19);
    const shift = item.between(-5, 5);
    const tip = item.between(0.62, 0.78);
    const shade = item.between(-8, 8);
    const face = (corners: readonly (readonly [number, number])[], lighter: number, opacity: number) =>
      `<path d="${polygon(corners.map(([x, y]) => ({ x, y })))}" fill="${css(base, lighter + shade)}" opacity="${opacity}" stroke="${css(base, -26)}" stroke-width=".7"/>`;
    const [left, inner, right] = [-half, -half * 0.25 + shift * 0.3, half];
    const shoulder = -height * tip;
    return `<g transform="translate(${round(spread * 44)} ${round(item.between(34, 52))}) rotate(${round(spread * 34)})">
      ${face([[left, 0], [left, shoulder], [inner, shoulder + 5], [inner, 4]], -12, 0.93)}
      ${face([[inner, 4], [inner, shoulder + 5], [right, shoulder], [right, 0]], 10, 0.9)}
      ${face([[left, shoulder], [shift, -height], [inner, shoulder + 5]], 2, 0.95)}
      ${face([[inner, shoulder + 5], [shift, -height], [right, shoulder]], 24, 0.92)}
      <path d="M${round(right * 0.55)} -4V${round(shoulder + 8)}" stroke="rgba(255,255,255,.5)" stroke-width="1.800"/></g>`;
  });
  return matrix(item) + crystals.join('');
}

/** Cubes in isometric view, grown into each other. */
function cubes(item: Random, base: Colour): string {
  const blocks = Array.from({ length: item.whole(4, 9) }, () => ({
    x: item.between(-46, 46),
    y: item.between(-26, 34),
    edge: item.between(20, 46),
    turn: item.between(-18, 18),
    shade: item.between(-6, 6),
  })).sort((a, b) => a.y - b.y);
  const drawn = blocks.map(({ x, y, edge, turn, shade }) => {
    const [dx, dy] = [edge * 0.87, edge * 0.5];
    const face = (corners: readonly (readonly [number, number])[], lighter: number) =>
      `<path d="${polygon(corners.map(([px, py]) => ({ x: px, y: py })))}" fill="${css(base, lighter + shade)}" stroke="${css(base, -28)}" stroke-width=".9"/>`;
    const lines = [0.25, 0.5, 0.75].map((at) => `<path d="M${round(-dx + dx * at)} ${round(-dy + dy * at)}v${round(edge)}" stroke="${css(base, -22)}" stroke-width=".6" opacity=".5"/>`);
    return `<g transform="translate(${round(x)} ${round(y)}) rotate(${round(turn)})">
      ${face([[0, -edge], [dx, -dy], [0, 0], [-dx, -dy]], 22)}
      ${face([[-dx, -dy], [0, 0], [0, edge], [-dx, edge - dy]], -10)}
      ${face([[0, 0], [dx, -dy], [dx, edge - dy], [0, edge]], 4)}${lines.join('')}
      <path d="M${round(-dx * 0.5)} ${round(-dy * 1.1)}L${round(dx * 0.2)} ${round(-dy * 1.5)}" stroke="rgba(255,255,255,.55)" stroke-width="3" stroke-linecap="round"/></g>`;
  });
  return matrix(item) + drawn.join('');
}

/** A polished slice with rings that follow its edge. */
function bands(item: Random, base: Colour): string {
  const outline = ring(item, 11, 66, 96);
  const centre = { x: item.between(-18, 18), y: item.between(-18, 18) };
  const count = item.whole(9, 16);
  const swing = item.between(10, 45);
  const layers = Array.from({ length: count }, (_, i) => {
    const share = 1 - i / count;
    const band = colour(base.h + Math.sin(i * 1.7) * swing, base.s, base.l + (i % 2 === 0 ? 1 : -1) * item.between(4, 20));
    const edge = outline.map(({ x, y }) => ({
      x: centre.x + (x - centre.x) * share + item.between(-1.5, 1.5),
      y: centre.y + (y - centre.y) * share + item.between(-1.5, 1.5),
    }));
    return `<path d="${blob(edge)}" fill="${css(band)}"/>`;
  });
  const rind = colour(30, 18, 34);
  return `<path d="${blob(outline.map(({ x, y }) => ({ x: x * 1.04, y: y * 1.04 })))}" fill="${css(rind)}"/>${layers.join('')}
    <path d="M-44 -40C-20 -62 20 -62 40 -46" stroke="rgba(255,255,255,.35)" stroke-width="7" stroke-linecap="round" fill="none"/>`;
}

/** A lump whose triangles catch the light differently. */
function facets(item: Random, base: Colour): string {
  const outer = ring(item, 10, 60, 80);
  const inner = ring(item, 10, 30, 44);
  const light = item.between(0, 360);
  const triangle = (a: Point, b: Point, c: Point) => {
    const [x, y] = [(a.x + b.x + c.x) / 3, (a.y + b.y + c.y) / 3];
    const towards = Math.cos(Math.atan2(x, -y) - (light * Math.PI) / 180);
    return `<path d="${polygon([a, b, c])}" fill="${css(base, towards * 20 + item.between(-7, 7))}" stroke="${css(base, 16)}" stroke-width=".8"/>`;
  };
  const at = (list: readonly Point[], i: number): Point => list[i % list.length] ?? { x: 0, y: 0 };
  const belt = outer.map((point, i) => triangle(point, at(outer, i + 1), at(inner, i)) + triangle(at(outer, i + 1), at(inner, i + 1), at(inner, i)));
  const table = inner.map((point, i) => triangle(point, at(inner, i + 1), { x: 0, y: 0 }));
  return `${matrix(item)}<g transform="translate(0 -8)">${belt.join('')}${table.join('')}</g>`;
}
