import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { around, colour, css, linearGradient, round, type Colour } from '../shapes.js';

interface Body {
  readonly name: string;
  /** Outline of the metal, from -98 to 98, wheels standing at y = 34. */
  readonly outline: string;
  readonly windows: readonly string[];
  /** Where the wheels are. */
  readonly axles: readonly number[];
  readonly wheel: number;
}

const bodies: readonly [Body, ...Body[]] = [
  {
    name: 'sedã',
    outline: 'M-96 26C-98 8 -94 2 -72 -2L-52 -6C-40 -30 -30 -36 0 -36C26 -36 36 -26 50 -8L82 -2C96 2 98 12 96 26Z',
    windows: ['M-42 -8C-34 -24 -28 -29 -6 -29V-8Z', 'M1 -29C20 -29 28 -22 38 -8H1Z'],
    axles: [-58, 58],
    wheel: 20,
  },
  {
    name: 'fusca',
    outline: 'M-94 28C-96 6 -82 -2 -64 -4C-56 -36 -30 -52 -2 -52C30 -52 48 -34 58 -8C80 -6 94 4 94 28Z',
    windows: ['M-48 -10C-42 -32 -28 -42 -8 -43V-10Z', 'M0 -43C22 -42 34 -30 42 -10H0Z'],
    axles: [-56, 56],
    wheel: 21,
  },
  {
    name: 'caminhonete',
    outline: 'M-96 28V-2H-8V-40C4 -44 30 -44 40 -38L58 -8L88 -2C97 2 97 12 96 28Z',
    windows: ['M2 -34H32L44 -8H2Z'],
    axles: [-60, 60],
    wheel: 22,
  },
  {
    name: 'van',
    outline: 'M-92 30C-96 -10 -94 -52 -82 -56H50C66 -54 78 -30 88 -10C96 -2 96 12 94 30Z',
    windows: ['M-78 -44H-44V-16H-78Z', 'M-36 -44H-2V-16H-36Z', 'M6 -44H44C54 -38 62 -26 66 -16H6Z'],
    axles: [-56, 60],
    wheel: 20,
  },
  {
    name: 'esportivo',
    outline: 'M-97 24C-98 4 -88 0 -60 -4C-40 -20 -24 -27 2 -27C26 -27 40 -16 54 -6C84 -2 98 8 97 24Z',
    windows: ['M-36 -7C-24 -17 -14 -21 -2 -21V-7Z', 'M4 -21C20 -21 30 -14 40 -7H4Z'],
    axles: [-60, 58],
    wheel: 21,
  },
  {
    name: 'ônibus',
    outline: 'M-97 30V-54C-97 -62 -92 -64 -84 -64H78C90 -64 96 -40 97 -16V30Z',
    windows: [-88, -56, -24, 8, 40].map((x) => `M${x} -50h26v26h-26Z`).concat('M74 -50H80C86 -42 89 -30 90 -22H74Z'),
    axles: [-56, 56],
    wheel: 20,
  },
  {
    name: 'jipe',
    outline: 'M-92 26V-12H-74V-44H20L32 -12H88C96 -10 96 6 94 26Z',
    windows: ['M-66 -36H-28V-14H-66Z', 'M-20 -36H14L22 -14H-20Z'],
    axles: [-56, 58],
    wheel: 26,
  },
];

/** A toy car seen from the side. */
export function drawCar(item: Random): Drawing {
  const body = item.pick(bodies);
  const [colourName, paint] = item.pick(paints);
  const second = item.chance(0.35) ? item.pick(paints)[1] : undefined;
  const glass = colour(205, item.between(18, 46), item.between(52, 70));
  const stripe = item.chance(0.4) ? item.pick(paints)[1] : undefined;
  const rimTips = item.pick([4, 5, 6, 8, 10]);
  const rim = colour(item.between(0, 360), item.chance(0.25) ? 50 : 4, item.between(60, 84));

  const wheels = body.axles.map((x) => `<g transform="translate(${x} 30)">
      <circle r="${body.wheel + 4}" fill="rgba(0,0,0,.5)"/><circle r="${body.wheel}" fill="#1d1d20"/>
      <circle r="${round(body.wheel * 0.64)}" fill="${css(rim)}" stroke="${css(rim, -24)}" stroke-width="1.500"/>
      ${around(rimTips, () => `<path d="M0 0V${round(-body.wheel * 0.58)}" stroke="${css(rim, -38)}" stroke-width="3"/>`)}
      <circle r="${round(body.wheel * 0.18)}" fill="${css(rim, 10)}"/></g>`);

  return {
    name: `Carro ${colourName}, ${body.name}`,
    svg: `<defs>
      ${linearGradient('car-paint', [[0, css(paint, 22)], [0.35, css(paint)], [0.75, css(paint, -10)], [1, css(paint, -22)]])}
      ${linearGradient('car-glass', [[0, css(glass, 18)], [1, css(glass, -14)]], 120)}
      <clipPath id="car-body"><path d="${body.outline}"/></clipPath>
      </defs>
      <path d="${body.outline}" fill="url(#car-paint)" stroke="${css(paint, -30)}" stroke-width="2"/>
      <g clip-path="url(#car-body)">
        ${second ? `<rect x="-100" y="8" width="200" height="40" fill="${css(second)}" opacity=".92"/>` : ''}
        ${stripe ? `<rect x="-100" y="${item.pick([-2, 2, 12])}" width="200" height="${item.pick([3, 5, 8])}" fill="${css(stripe, 6)}"/>` : ''}
        <path d="M-100 -1C-40 -9 40 -9 100 1" stroke="rgba(255,255,255,.4)" stroke-width="2.500" fill="none"/>
      </g>
      ${body.windows.map((window) => `<path d="${window}" fill="url(#car-glass)" stroke="${css(paint, -34)}" stroke-width="2.200"/>`).join('')}
      <path d="M${item.whole(-6, 0)} -6V22" stroke="${css(paint, -26)}" stroke-width="1.500"/><path d="M4 4h10" stroke="#e8e8ea" stroke-width="2.500"/>
      <ellipse cx="91" cy="8" rx="5" ry="6" fill="#fff4c4" stroke="#777" stroke-width="1"/><rect x="-96" y="4" width="6" height="9" rx="2" fill="#c2261f"/>
      <rect x="-98" y="21" width="196" height="6" rx="3" fill="${item.chance(0.5) ? '#c9cbd0' : '#2a2a2e'}"/>
      ${extras(item, body, paint)}
      ${wheels.join('')}`,
  };
}

const paints = [
  ['vermelho', colour(2, 76, 44)],
  ['azul', colour(215, 68, 42)],
  ['verde', colour(140, 48, 34)],
  ['amarelo', colour(47, 92, 54)],
  ['branco', colour(40, 10, 90)],
  ['preto', colour(230, 8, 20)],
  ['laranja', colour(24, 90, 52)],
  ['prata', colour(215, 6, 68)],
  ['turquesa', colour(178, 48, 48)],
  ['creme', colour(42, 52, 82)],
  ['vinho', colour(345, 58, 28)],
] as const satisfies readonly (readonly [string, Colour])[];

/** A roof rack, a taxi sign, a racing number or nothing. */
function extras(item: Random, body: Body, paint: Colour): string {
  const roof = { sedã: -36, fusca: -52, caminhonete: -42, van: -56, esportivo: -27, ônibus: -64, jipe: -44 }[body.name] ?? -40;
  return item.pick([
    '',
    '',
    `<path d="M-26 ${roof}v-7H22v7M-10 ${roof}v-7M6 ${roof}v-7" stroke="#3b3b40" stroke-width="2.500" fill="none"/>`,
    `<rect x="-12" y="${roof - 9}" width="22" height="9" rx="2" fill="#f4d34a" stroke="#333" stroke-width="1.500"/>`,
    `<circle cx="24" cy="10" r="11" fill="#f7f7f2" stroke="${css(paint, -30)}" stroke-width="1.500"/><path d="M21 6L25 3V17" stroke="#222" stroke-width="2.400" fill="none"/>`,
  ]);
}
