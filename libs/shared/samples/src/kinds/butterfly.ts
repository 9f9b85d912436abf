import type { Drawing } from '../drawing.js';
import type { Random } from '../random.js';
import { colour, css, radialGradient, round, type Colour } from '../shapes.js';

const tones = [
  ['azul', colour(212, 72, 46)],
  ['laranja', colour(24, 86, 50)],
  ['amarela', colour(50, 88, 58)],
  ['branca', colour(60, 18, 90)],
  ['verde', colour(150, 48, 42)],
  ['violeta', colour(275, 48, 46)],
  ['vermelha', colour(4, 70, 42)],
  ['castanha', colour(26, 46, 34)],
] as const satisfies readonly (readonly [string, Colour])[];

/** A mounted butterfly: two pairs of wings with borders, veins and spots. */
export function drawButterfly(item: Random): Drawing {
  const [tone, upper] = item.pick(tones);
  const lower = item.chance(0.5) ? upper : item.pick(tones)[1];
  const border = item.pick([colour(25, 30, 10), colour(30, 40, 18), colour(220, 40, 16), colour(48, 30, 84)]);
  const [span, rise] = [item.between(80, 96), item.between(52, 80)];
  const [tail, lowerSpan] = [item.chance(0.35) ? item.between(74, 96) : item.between(50, 66), item.between(46, 66)];
  const point = item.between(-8, 16);

  const fore = `M4 -12C${round(span * 0.3)} ${round(-rise)} ${round(span * 0.7)} ${round(-rise - 8)} ${round(span)} ${round(-rise + point)}C${round(span * 0.98)} ${round(-rise * 0.4)} ${round(span * 0.8)} ${round(-2)} ${round(span * 0.66)} 4C${round(span * 0.4)} 8 16 4 4 4Z`;
  const hind = `M4 2C24 0 ${round(lowerSpan)} 2 ${round(lowerSpan + 6)} 22C${round(lowerSpan + 8)} 40 ${round(lowerSpan * 0.8)} 52 ${round(lowerSpan * 0.62)} ${round(tail)}C${round(lowerSpan * 0.48)} 60 20 52 4 26Z`;
  const veins = [0.2, 0.42, 0.64, 0.86].map((at) => `<path d="M6 -6Q${round(span * 0.4)} ${round(-rise * (1 - at) * 0.7)} ${round(span * 0.92)} ${round(-rise * (1 - at) + at * 4)}" stroke="${css(border)}" stroke-width="1" fill="none" opacity=".55"/>`);
  const spots = Array.from({ length: item.whole(2, 7) }, () => {
    const [along, across] = [item.between(0.4, 0.85), item.between(0.25, 0.8)];
    const [x, y, radius] = [span * along, -rise * along * across, item.between(2.5, 7)];
    const ringed = item.chance(0.4);
    return `<circle cx="${round(x)}" cy="${round(y)}" r="${round(radius)}" fill="${css(border)}"/>${ringed ? `<circle cx="${round(x)}" cy="${round(y)}" r="${round(radius * 0.5)}" fill="${css(upper, 34)}"/>` : ''}`;
  });
  const eye = item.chance(0.5) ? `<circle cx="${round(lowerSpan * 0.62)}" cy="28" r="10" fill="${css(border)}"/><circle cx="${round(lowerSpan * 0.62)}" cy="28" r="6.500" fill="${css(lower, 28)}"/><circle cx="${round(lowerSpan * 0.62)}" cy="28" r="3" fill="#15151c"/>` : '';
  const edge = item.pick([3, 5, 8, 11]);
  const wing = `<path d="${hind}" fill="url(#wing-lower)" stroke="${css(border)}" stroke-width="${edge}" stroke-linejoin="round"/>${eye}
    <path d="${fore}" fill="url(#wing-upper)" stroke="${css(border)}" stroke-width="${edge}" stroke-linejoin="round"/>${veins.join('')}${spots.join('')}`;

  return {
    name: `Borboleta ${tone}, envergadura ${round(item.between(28, 120)).toFixed(0)} mm`,
    svg: `<defs>${radialGradient('wing-upper', [[0, css(upper, 18)], [0.6, css(upper)], [1, css(upper, -16)]], 0.2, 0.8)}
      ${radialGradient('wing-lower', [[0, css(lower, 16)], [0.6, css(lower, -2)], [1, css(lower, -16)]], 0.2, 0.2)}</defs>
      <g transform="translate(0 6)">${wing}<g transform="scale(-1 1)">${wing}</g>
      <ellipse cy="8" rx="4.600" ry="27" fill="${css(border)}"/><ellipse cy="-10" rx="5.500" ry="11" fill="${css(border, 8)}"/><circle cy="-24" r="5" fill="${css(border)}"/>
      <path d="M-2 -27C-8 -46 -18 -54 -24 -58M2 -27C8 -46 18 -54 24 -58" stroke="${css(border)}" stroke-width="1.600" fill="none"/>
      <circle cx="-24" cy="-58" r="2.200" fill="${css(border)}"/><circle cx="24" cy="-58" r="2.200" fill="${css(border)}"/></g>`,
  };
}
