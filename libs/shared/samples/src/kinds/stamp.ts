import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { around, blob, colour, css, linearGradient, numeral, onCircle, polygon, round, type Colour } from '../shapes.js';

interface Motif {
  readonly name: string;
  /** Fills a window `width` by `height` around the origin. */
  readonly draw: (item: Random, ink: Colour, width: number, height: number) => string;
}

const motifs: readonly [Motif, ...Motif[]] = [
  { name: 'montanhas', draw: mountains },
  { name: 'flor', draw: flower },
  { name: 'veleiro', draw: sailingBoat },
  { name: 'pássaro', draw: bird },
  { name: 'farol', draw: lighthouse },
  { name: 'balão', draw: balloon },
];

/** A postage stamp: perforated paper, a framed picture, its value, perhaps a postmark. */
export function drawStamp(item: Random): Drawing {
  const upright = item.chance(0.55);
  const [width, height] = upright ? [item.between(128, 148), item.between(168, 190)] : [item.between(168, 190), item.between(128, 148)];
  const ink = colour(item.between(0, 360), item.between(35, 75), item.between(34, 52));
  const motif = item.pick(motifs);
  const value = item.pick([5, 10, 15, 20, 35, 40, 50, 60, 75, 80, 100, 120, 200, 300, 500]);
  const [innerWidth, innerHeight] = [width - 26, height - 26];
  const valueCorner = item.pick([[-1, -1], [1, -1], [-1, 1], [1, 1]] as const);
  const paper = perforated(width, height);
  const plate = String(value).length * 13 + 10;

  return {
    name: `Selo de ${value}, ${motif.name}`,
    svg: `<defs>
      <clipPath id="stamp-window"><rect x="${round(-innerWidth / 2)}" y="${round(-innerHeight / 2)}" width="${round(innerWidth)}" height="${round(innerHeight)}"/></clipPath>
      <clipPath id="stamp-paper"><path d="${paper}"/></clipPath>
      </defs>
      <path d="${paper}" fill="${css(colour(46, 30, item.between(90, 96)))}"/>
      <g clip-path="url(#stamp-window)">${motif.draw(item, ink, innerWidth, innerHeight)}</g>
      <rect x="${round(-innerWidth / 2)}" y="${round(-innerHeight / 2)}" width="${round(innerWidth)}" height="${round(innerHeight)}" fill="none" stroke="${css(ink, -8)}" stroke-width="${item.pick([2, 3.5, 5])}"/>
      <g transform="translate(${round(valueCorner[0] * (innerWidth / 2 - plate / 2 - 5))} ${round(valueCorner[1] * (innerHeight / 2 - 18))})">
        <rect x="${-plate / 2}" y="-13" width="${plate}" height="26" rx="3" fill="${css(colour(46, 40, 95))}" stroke="${css(ink, -8)}" stroke-width="1.500"/>
        ${numeral(value, 17, css(ink, -16))}
      </g>
      ${item.chance(0.55) ? `<g clip-path="url(#stamp-paper)">${postmark(item)}</g>` : ''}`,
  };
}

/** The outline of the paper: half circles bitten out along every side. */
function perforated(width: number, height: number): string {
  const side = (length: number) => Math.round(length / 11);
  const [columns, rows] = [side(width), side(height)];
  const [dx, dy] = [width / columns, height / rows];
  const bites = (count: number, x: number, y: number) => {
    const [tooth, bite] = [0.4, 0.6];
    const radius = round((Math.hypot(x, y) * bite) / 2);
    return `l${round((x * tooth) / 2)} ${round((y * tooth) / 2)}a${radius} ${radius} 0 0 0 ${round(x * bite)} ${round(y * bite)}l${round((x * tooth) / 2)} ${round((y * tooth) / 2)}`.repeat(count);
  };
  return `M${round(-width / 2)} ${round(-height / 2)}${bites(columns, dx, 0)}${bites(rows, 0, dy)}${bites(columns, -dx, 0)}${bites(rows, 0, -dy)}Z`;
}

function sky(item: Random, ink: Colour, width: number, height: number): string {
  return `<defs>${linearGradient('stamp-sky', [[0, css(ink, item.between(18, 34))], [1, css(colour(ink.h + 30, ink.s, 84))]])}</defs>
    <rect x="${round(-width / 2)}" y="${round(-height / 2)}" width="${round(width)}" height="${round(height)}" fill="url(#stamp-sky)"/>`;
}

function mountains(item: Random, ink: Colour, width: number, height: number): string {
  const sun = `<circle cx="${round(item.between(-0.3, 0.3) * width)}" cy="${round(-height * 0.22)}" r="${round(item.between(9, 19))}" fill="${css(colour(40, 90, 74))}"/>`;
  const ranges = [14, 0, -14].map((lighter, layer) => {
    const peaks = Array.from({ length: 7 }, (_, i) => ({
      x: (i / 6 - 0.5) * width,
      y: (layer * 0.17 - 0.12) * height + (i % 2 === 0 ? 1 : -1) * item.between(4, 26),
    }));
    return `<path d="${polygon([{ x: -width, y: height }, ...peaks, { x: width, y: height }])}" fill="${css(ink, lighter)}"/>`;
  });
  return sky(item, ink, width, height) + sun + ranges.join('');
}

function flower(item: Random, ink: Colour, width: number, height: number): string {
  const petals = item.whole(5, 11);
  const petal = colour(ink.h + item.between(120, 240), 70, 62);
  const length = Math.min(width, height) * 0.34;
  return `${sky(item, colour(ink.h, 22, 58), width, height)}
    <path d="M0 0C6 40 -8 60 0 ${round(height)}" stroke="${css(colour(120, 38, 32))}" stroke-width="6" fill="none"/>
    <path d="M0 ${round(height * 0.3)}C30 ${round(height * 0.2)} 44 ${round(height * 0.26)} 52 ${round(height * 0.12)}C50 ${round(height * 0.36)} 20 ${round(height * 0.4)} 0 ${round(height * 0.34)}Z" fill="${css(colour(120, 38, 38))}"/>
    <g transform="translate(0 ${round(-height * 0.1)})">
      ${around(petals, () => `<ellipse cy="${round(-length * 0.58)}" rx="${round((length * 2.1) / petals)}" ry="${round(length * 0.46)}" fill="${css(petal)}" stroke="${css(petal, -18)}" stroke-width="1.500"/>`)}
      <circle r="${round(length * 0.25)}" fill="${css(colour(46, 90, 52))}"/>
    </g>`;
}

function sailingBoat(item: Random, ink: Colour, width: number, height: number): string {
  const sail = colour(ink.h + item.between(90, 270), 55, 66);
  const lean = item.between(-8, 8);
  const waves = [0.2, 0.3, 0.4].map((at, i) => {
    const crests = Array.from({ length: 9 }, () => `q10 ${i % 2 === 0 ? -9 : 9} 20 0t20 0`).join('');
    return `<path d="M${round(-width)} ${round(height * at)}${crests}V${round(height)}H${round(-width)}Z" fill="${css(colour(205, 50, 52 - i * 9))}"/>`;
  });
  return `${sky(item, ink, width, height)}
    <g transform="translate(0 ${round(height * 0.16)}) rotate(${round(lean)})">
      <path d="M-40 0H40L28 18H-28Z" fill="${css(ink, -10)}"/><path d="M-1.500 0V-74H1.500V0Z" fill="${css(ink, -18)}"/>
      <path d="M5 -72C34 -48 40 -20 38 -5H5Z" fill="${css(sail)}"/><path d="M-5 -60C-26 -40 -30 -16 -30 -5H-5Z" fill="${css(sail, 14)}"/>
    </g>${waves.join('')}`;
}

function bird(item: Random, ink: Colour, width: number, height: number): string {
  const plumage = colour(ink.h + item.between(60, 300), 60, 48);
  const belly = colour(plumage.h + 40, 60, 74);
  const branch = item.between(26, 40);
  return `${sky(item, colour(ink.h, 26, 62), width, height)}
    <path d="M${round(-width)} ${branch + 8}Q0 ${branch - 10} ${round(width)} ${branch + 4}" stroke="${css(colour(25, 36, 28))}" stroke-width="6" fill="none"/>
    <g transform="scale(${item.chance(0.5) ? 1 : -1} 1)">
      <path d="M-20 ${branch - 6}C-46 ${branch + 22} -52 ${branch + 34} -58 ${branch + 44}L-38 ${branch + 30}L-8 ${branch}Z" fill="${css(plumage, -14)}"/>
      <ellipse cx="0" cy="6" rx="25" ry="31" transform="rotate(28)" fill="${css(plumage)}"/>
      <ellipse cx="10" cy="10" rx="14" ry="22" transform="rotate(28)" fill="${css(belly)}"/>
      <circle cx="16" cy="-28" r="17" fill="${css(plumage, 4)}"/><path d="M31 -32L46 -26L30 -22Z" fill="${css(colour(38, 90, 52))}"/>
      <circle cx="21" cy="-31" r="3" fill="#111"/><path d="M-14 -6C-30 8 -30 28 -22 36C-8 28 2 12 -2 -6Z" fill="${css(plumage, -18)}"/>
    </g>`;
}

function lighthouse(item: Random, ink: Colour, width: number, height: number): string {
  const bands = item.whole(2, 4);
  const top = -height * 0.3;
  const step = (height * 0.62) / (bands * 2);
  const tower = Array.from({ length: bands * 2 }, (_, i) => {
    const [upper, lower] = [9 + i * (11 / (bands * 2)), 9 + (i + 1) * (11 / (bands * 2))];
    const y = top + i * step;
    return `<path d="M${round(-upper)} ${round(y)}H${round(upper)}L${round(lower)} ${round(y + step)}H${round(-lower)}Z" fill="${i % 2 === 0 ? css(colour(ink.h + 180, 65, 46)) : '#f6f2e6'}"/>`;
  });
  return `${sky(item, ink, width, height)}
    <path d="M0 ${round(top - 9)}L${round(-width)} ${round(top - 44)}V${round(top + 14)}Z" fill="rgba(255,246,180,.55)"/>
    <rect x="${round(-width)}" y="${round(height * 0.28)}" width="${round(width * 2)}" height="${round(height)}" fill="${css(colour(204, 48, 40))}"/>
    <path d="${blob([{ x: -60, y: height * 0.5 }, { x: -40, y: height * 0.27 }, { x: 0, y: height * 0.24 }, { x: 44, y: height * 0.29 }, { x: 64, y: height * 0.52 }, { x: 0, y: height * 0.6 }])}" fill="${css(ink, -20)}"/>
    ${tower.join('')}<rect x="-8" y="${round(top - 17)}" width="16" height="17" fill="#ffe9a0" stroke="#333" stroke-width="2"/><path d="M-11 ${round(top - 17)}L0 ${round(top - 29)}L11 ${round(top - 17)}Z" fill="#3a3a44"/>`;
}

function balloon(item: Random, ink: Colour, width: number, height: number): string {
  const gores = item.pick([5, 7, 9]);
  const other = colour(ink.h + item.between(100, 260), 72, 60);
  const stripes = Array.from({ length: gores }, (_, i) => {
    const half = 42 * (1 - i / gores);
    return `<path d="M0 -58C${round(half * 1.35)} -58 ${round(half * 1.3)} 4 ${round(half * 0.25)} 30H${round(-half * 0.25)}C${round(-half * 1.3)} 4 ${round(-half * 1.35)} -58 0 -58Z" fill="${i % 2 === 0 ? css(ink, 4) : css(other)}"/>`;
  });
  const clouds = Array.from({ length: 3 }, () => {
    const [x, y] = [item.between(-0.45, 0.45) * width, item.between(-0.4, 0.4) * height];
    return `<g fill="rgba(255,255,255,.75)"><ellipse cx="${round(x)}" cy="${round(y)}" rx="20" ry="8"/><ellipse cx="${round(x + 9)}" cy="${round(y - 5)}" rx="12" ry="8"/></g>`;
  });
  return `${sky(item, colour(ink.h + 150, 40, 56), width, height)}${clouds.join('')}
    <g transform="translate(${round(item.between(-14, 14))} 0)">${stripes.join('')}
      <path d="M-9 30L-7 46M9 30L7 46" stroke="#4a3a28" stroke-width="1.500"/><rect x="-8" y="46" width="16" height="12" rx="2" fill="${css(colour(28, 48, 34))}"/></g>`;
}

function postmark(item: Random): string {
  const { x, y } = onCircle(item.between(28, 62), item.between(0, 360));
  const lines = [-12, -4, 4, 12].map((offset) => `<path d="M34 ${offset}q9 -7 18 0t18 0t18 0t18 0" fill="none"/>`).join('');
  return `<g transform="translate(${round(x)} ${round(y)}) rotate(${round(item.between(-40, 40))})" stroke="rgba(20,20,30,.62)" stroke-width="2.200" fill="none">
    <circle r="31"/><circle r="20"/><path d="M-19 -5H19M-19 5H19"/>${around(14, () => '<path d="M-1.500 -28v5"/>')}${lines}</g>`;
}
