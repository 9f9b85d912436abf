import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { around, colour, css, linearGradient, onCircle, radialGradient, round, type Colour } from '../shapes.js';

const metals = [
  ['aço', colour(215, 5, 68)],
  ['ouro', colour(44, 62, 56)],
  ['ouro rosa', colour(16, 46, 62)],
  ['aço negro', colour(225, 6, 26)],
] as const satisfies readonly (readonly [string, Colour])[];

const dials = [
  ['branco', colour(45, 16, 92)],
  ['preto', colour(230, 10, 14)],
  ['azul', colour(218, 62, 30)],
  ['verde', colour(155, 44, 24)],
  ['champanhe', colour(42, 46, 76)],
  ['vinho', colour(350, 52, 26)],
  ['cinza', colour(210, 6, 46)],
] as const satisfies readonly (readonly [string, Colour])[];

/** A wristwatch from above. The hands show another time in every view. */
export function drawWatch(item: Random, view: Random): Drawing {
  const [metalName, metal] = item.pick(metals);
  const [dialName, dial] = item.pick(dials);
  const marks = dial.l > 55 ? colour(230, 14, 16) : colour(45, 24, 92);
  const square = item.chance(0.2);
  const accent = colour(item.pick([2, 24, 48, 205, 140]), 82, 52);
  const face = square ? 'x="-44" y="-44" width="88" height="88" rx="12"' : '';
  const plate = (radius: number, fill: string, stroke = 'none') =>
    square
      ? `<rect x="${-radius}" y="${-radius}" width="${radius * 2}" height="${radius * 2}" rx="${round(radius * 0.28)}" fill="${fill}" stroke="${stroke}"/>`
      : `<circle r="${radius}" fill="${fill}" stroke="${stroke}"/>`;

  return {
    name: `Relógio de ${metalName}, mostrador ${dialName}`,
    svg: `<defs>
      ${linearGradient('watch-case', [[0, css(metal, 26)], [0.5, css(metal)], [1, css(metal, -24)]], 40)}
      ${linearGradient('watch-bezel', [[0, css(metal, -20)], [0.5, css(metal, 10)], [1, css(metal, 22)]], 40)}
      ${radialGradient('watch-dial', [[0, css(dial, 9)], [0.75, css(dial)], [1, css(dial, -8)]], 0.42, 0.38)}
      ${face ? `<clipPath id="watch-face"><rect ${face}/></clipPath>` : ''}
      </defs>
      ${strap(item, metal)}
      <rect x="54" y="-7" width="12" height="14" rx="3" fill="url(#watch-case)" stroke="${css(metal, -30)}"/>
      ${item.chance(0.3) ? '<rect x="48" y="-32" width="12" height="9" rx="2" transform="rotate(-4)" fill="url(#watch-case)"/><rect x="48" y="23" width="12" height="9" rx="2" fill="url(#watch-case)"/>' : ''}
      ${plate(58, 'url(#watch-case)', css(metal, -34))}
      ${item.chance(0.35) && !square ? divingBezel(item) : plate(52, 'url(#watch-bezel)')}
      ${plate(46, 'url(#watch-dial)', css(metal, -20))}
      ${hourMarks(item, marks)}
      ${subdials(item, dial, marks)}
      ${item.chance(0.45) ? `<rect x="25" y="-5" width="11" height="10" rx="1" fill="#f5f4ee" stroke="${css(marks)}" stroke-width=".8"/><path d="M29 -2V3M32 -2h2v2h-2v3h2" stroke="#222" stroke-width="1" fill="none"/>` : ''}
      ${hands(item, view, marks, accent)}
      <path d="M-36 -22C-26 -38 -8 -42 6 -41L-30 6C-38 -2 -40 -12 -36 -22Z" fill="rgba(255,255,255,.13)"/>`,
  };
}

function strap(item: Random, metal: Colour): string {
  if (item.chance(0.4)) {
    const links = Array.from({ length: 5 }, (_, i) => {
      const y = 50 + i * 11;
      const half = 24 - i * 1.4;
      return [y, -y - 10].map((top) => `<rect x="${round(-half)}" y="${top}" width="${round(half * 2)}" height="10" rx="2" fill="url(#watch-case)" stroke="${css(metal, -32)}"/>
        <rect x="${round(-half * 0.38)}" y="${top}" width="${round(half * 0.76)}" height="10" rx="2" fill="${css(metal, 10)}" stroke="${css(metal, -26)}" stroke-width=".8"/>`).join('');
    });
    return links.join('');
  }
  const leather = item.pick([colour(24, 48, 26), colour(20, 30, 14), colour(30, 54, 42), colour(220, 30, 24), colour(2, 52, 30), colour(120, 14, 26), colour(28, 12, 60)]);
  const stitch = css(leather, item.pick([28, 40]));
  const half = (sign: 1 | -1) => `<path d="M-25 ${sign * 40}L-20 ${sign * 100}H20L25 ${sign * 40}Z" fill="${css(leather, sign > 0 ? 0 : 4)}" stroke="${css(leather, -12)}" stroke-width="1.500"/>
    <path d="M-21 ${sign * 46}L-16.500 ${sign * 98}M21 ${sign * 46}L16.500 ${sign * 98}" stroke="${stitch}" stroke-width="1.300" stroke-dasharray="4 3"/>`;
  const holes = [78, 86, 94].map((y) => `<circle cy="${y}" r="1.900" fill="rgba(0,0,0,.6)"/>`).join('');
  return half(1) + half(-1) + holes;
}

function divingBezel(item: Random): string {
  const ring = item.pick([colour(225, 20, 14), colour(214, 66, 26), colour(150, 48, 22), colour(0, 62, 32)]);
  return `<circle r="53" fill="${css(ring)}"/>${around(60, (i) => (i % 5 === 0 ? '<path d="M0 -52V-47" stroke="#eee" stroke-width="1.800"/>' : '<path d="M0 -52V-50" stroke="#ccc" stroke-width=".7"/>'))}`;
}

function hourMarks(item: Random, marks: Colour): string {
  const paint = css(marks);
  const every = item.pick([
    () => `<rect x="-1.400" y="-42" width="2.800" height="9" fill="${paint}"/>`,
    () => `<circle cy="-38" r="2.600" fill="${paint}"/>`,
    (i: number) => `<path d="${i % 3 === 0 ? 'M-3 -42L0 -31L3 -42Z' : 'M-1 -42V-36H1V-42Z'}" fill="${paint}"/>`,
    (i: number) => (i % 3 === 0 ? `<path d="M-4 -42V-33M0 -42V-33M4 -42V-33" stroke="${paint}" stroke-width="1.500"/>` : `<path d="M-2.500 -42L2.500 -33M2.500 -42L-2.500 -33" stroke="${paint}" stroke-width="1.200"/>`),
  ]);
  const minutes = item.chance(0.6) ? around(60, () => `<path d="M0 -44.500V-42.500" stroke="${paint}" stroke-width=".7"/>`) : '';
  return minutes + around(12, every);
}

function subdials(item: Random, dial: Colour, marks: Colour): string {
  const count = item.pick([0, 0, 0, 1, 2, 3]);
  const places = [180, 270, 90].slice(0, count);
  return places
    .map((degrees) => {
      const { x, y } = onCircle(20, degrees);
      return `<g transform="translate(${round(x)} ${round(y)})"><circle r="10.500" fill="${css(dial, dial.l > 55 ? -14 : 12)}" stroke="${css(marks)}" stroke-width=".6"/>
        ${around(12, () => `<path d="M0 -10V-8.500" stroke="${css(marks)}" stroke-width=".7"/>`)}<path d="M0 2V-7.500" stroke="${css(marks)}" stroke-width="1.200" transform="rotate(${item.whole(0, 359)})"/></g>`;
    })
    .join('');
}

function hands(item: Random, view: Random, marks: Colour, accent: Colour): string {
  const minutes = view.whole(0, 719);
  const paint = css(marks);
  const [hour, minute] = item.pick([
    ['M-2.600 4V-24H2.600V4Z', 'M-1.900 5V-37H1.900V5Z'],
    ['M-3.400 0L0 -27L3.400 0L0 6Z', 'M-2.600 0L0 -40L2.600 0L0 7Z'],
    ['M-1.600 4V-14C-5 -16 -5 -22 0 -26C5 -22 5 -16 1.600 -14V4Z', 'M-1.300 5V-26C-4 -28 -3.500 -33 0 -38C3.500 -33 4 -28 1.300 -26V5Z'],
  ] as const);
  return `<path d="${hour}" fill="${paint}" transform="rotate(${minutes / 2})"/><path d="${minute}" fill="${paint}" transform="rotate(${(minutes % 60) * 6})"/>
    <path d="M0 9V-40" stroke="${css(accent)}" stroke-width="1.100" transform="rotate(${view.whole(0, 59) * 6})"/><circle r="2.900" fill="${css(accent)}"/>`;
}
