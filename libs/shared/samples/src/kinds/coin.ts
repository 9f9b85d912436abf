import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { around, colour, css, linearGradient, numeral, radialGradient, round, star, type Colour } from '../shapes.js';

const metals = [
  ['ouro', colour(44, 68, 55)],
  ['prata', colour(215, 6, 70)],
  ['cobre', colour(18, 48, 46)],
  ['bronze', colour(33, 40, 40)],
  ['níquel', colour(60, 5, 60)],
] as const satisfies readonly (readonly [string, Colour])[];

/** What is struck on it: a name and the outline, about 80 across. */
const reliefs: readonly [Relief, ...Relief[]] = [
  { name: 'perfil', path: () => 'M-8 -38C14 -44 30 -26 25 -6L33 8L25 11C27 24 22 28 9 25L10 38H-26C-18 20 -34 14 -31 -10C-29 -24 -22 -34 -8 -38Z' },
  { name: 'estrela', path: (item) => star(item.pick([5, 6, 7, 8, 12]), 40, item.between(14, 24)) },
  { name: 'navio', path: () => 'M-38 12H38L26 34H-26ZM-3 8V-40H3V8ZM6 -34C26 -26 30 -8 32 6H6ZM-6 -30C-22 -20 -28 -6 -30 6H-6Z' },
  { name: 'castelo', path: () => 'M-36 36V-14H-28V-22H-20V-14H-12V-38H-4V-30H4V-38H12V-14H20V-22H28V-14H36V36H8V16C8 8 -8 8 -8 16V36Z' },
  { name: 'coroa', path: () => 'M-38 26L-40 -18L-20 4L-10 -32L0 -4L10 -32L20 4L40 -18L38 26ZM-38 30H38V38H-38Z' },
  { name: 'folha', path: () => 'M0 -42C28 -26 34 6 4 30L3 42H-3L-4 30C-34 6 -28 -26 0 -42ZM-1 -28L-1.500 26H1.500L1 -28Z' },
  { name: 'escudo', path: () => 'M-32 -36H32V0C32 22 14 34 0 42C-14 34 -32 22 -32 0ZM-4 -30V32H4V-30ZM-28 -12V-4H28V-12Z' },
  { name: 'árvore', path: () => 'M-5 40V18C-34 22 -40 -8 -20 -12C-22 -40 22 -40 20 -12C40 -8 34 22 5 18V40Z' },
];

interface Relief {
  readonly name: string;
  readonly path: (item: Random) => string;
}

/** A coin: metal, rim, ring of beads or letters, and a relief or a number. */
export function drawCoin(item: Random): Drawing {
  const [metalName, base] = item.pick(metals);
  const metal = colour(base.h + item.between(-4, 4), base.s + item.between(-5, 5), base.l + item.between(-6, 6));
  const [coreName, core] = item.chance(0.25) ? item.pick(metals) : [metalName, metal];
  const relief = item.pick(reliefs);
  const path = relief.path(item);
  const value = item.pick([1, 2, 5, 10, 20, 25, 50, 100]);
  const showsNumber = item.chance(0.3);
  const corners = item.chance(0.15) ? item.pick([7, 8, 12]) : 0;

  const disc = (radius: number, fill: string) =>
    corners > 0
      ? `<path d="${star(corners, radius, radius * Math.cos(Math.PI / corners / 2) * 0.99)}" fill="${fill}"/>`
      : `<circle r="${radius}" fill="${fill}"/>`;
  const marks = item.pick([
    around(item.whole(40, 64), () => `<circle cy="-78" r="1.900" fill="${css(metal, 14)}"/>`),
    letterRing(item, css(metal, -24)),
    letterRing(item, css(metal, 18)),
    '',
  ]);
  const emblem = showsNumber
    ? struck((paint) => numeral(value, item.between(56, 70), paint), core)
    : struck((paint) => `<path fill-rule="evenodd" d="${path}" fill="${paint}" stroke="none" transform="scale(${round(1.1)})"/>`, core);

  return {
    name: `Moeda de ${coreName === metalName ? metalName : `${metalName} e ${coreName}`}, ${showsNumber ? `valor ${value}` : relief.name}`,
    svg: `<defs>
      ${linearGradient('coin-face', [[0, css(metal, 22)], [0.45, css(metal, 4)], [1, css(metal, -16)]], 35)}
      ${radialGradient('coin-core', [[0, css(core, 14)], [0.8, css(core)], [1, css(core, -14)]], 0.38, 0.34)}
      ${linearGradient('coin-rim', [[0, css(metal, -18)], [0.5, css(metal, 6)], [1, css(metal, 24)]], 35)}
      </defs>
      ${disc(97, css(metal, -26))}
      ${corners > 0 ? '' : around(90, () => `<path d="M0 -97V-92" stroke="${css(metal, 16)}" stroke-width="1.600"/>`)}
      ${disc(94, 'url(#coin-rim)')}
      ${disc(88, 'url(#coin-face)')}
      ${marks}
      <circle r="${coreName === metalName ? 66 : 62}" fill="url(#coin-core)" stroke="${css(core, -14)}" stroke-width="1.500"/>
      ${emblem}
      ${wear(item)}`,
  };
}

/** Raised metal: light from the upper left, shadow to the lower right. */
function struck(shape: (paint: string) => string, metal: Colour): string {
  return [
    `<g transform="translate(2.400 2.800)">${shape(css(metal, -30))}</g>`,
    `<g transform="translate(-1.800 -2)">${shape(css(metal, 30))}</g>`,
    shape(css(metal, 6)),
  ].join('');
}

/** Strokes that read as lettering from a distance. */
function letterRing(item: Random, paint: string): string {
  const letters = item.whole(22, 34);
  const gap = item.whole(0, letters - 1);
  return around(letters, (i) =>
    i === gap || item.chance(0.12)
      ? ''
      : `<path d="M${round(item.between(-3, -1))} -83v10M${round(item.between(-3, 0))} ${item.pick([-83, -78, -73])}h5M${round(item.between(1, 3))} -83v${item.pick([5, 10])}" stroke="${paint}" stroke-width="1.900" fill="none"/>`,
  );
}

/** Scratches and spots that belong to this coin for good. */
function wear(item: Random): string {
  const scratches = Array.from({ length: item.whole(2, 8) }, () => {
    const [x, y] = [item.between(-60, 60), item.between(-60, 60)];
    return `<path d="M${round(x)} ${round(y)}l${round(item.between(-22, 22))} ${round(item.between(-22, 22))}" stroke="rgba(255,255,255,.28)" stroke-width=".8"/>`;
  });
  const spots = Array.from({ length: item.whole(0, 4) }, () =>
    `<circle cx="${round(item.between(-60, 60))}" cy="${round(item.between(-60, 60))}" r="${round(item.between(2, 9))}" fill="rgba(40,30,10,.16)"/>`);
  return [...scratches, ...spots].join('');
}
