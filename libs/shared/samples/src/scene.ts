import type { Random } from './random.js';
import type { Setting } from './setting.js';
import { colour, css, linearGradient, radialGradient, round } from './shapes.js';

/** Side of the scene in its own units; the picture may have any size. */
const side = 400;

/**
 * Lays a drawing on a surface, as a person would for a photo: somewhat turned, seen at
 * a slant, near the middle, its shadow beside it.
 *
 * @param fragment SVG in a square from -100 to 100
 * @param turnDegrees how far people turn this kind of thing, to either side
 * @returns a whole SVG document of `sizePx` by `sizePx`
 */
export function layOut(fragment: string, turnDegrees: number, sizePx: number, setting: Setting, view: Random): string {
  const isStudio = setting === 'studio';
  const scale = isStudio ? view.between(1.7, 1.85) : view.between(1.3, 1.72);
  const [x, y] = [side / 2 + view.between(-22, 22), side / 2 + view.between(-22, 22)];
  const turn = view.between(-turnDegrees, turnDegrees);
  const slant = view.between(0.86, 1);
  const slantAxis = view.between(0, 180);
  const [shadowX, shadowY] = [view.between(-9, 9), view.between(2, 11)];
  const placement = `translate(${round(x)} ${round(y)}) rotate(${round(slantAxis)}) scale(1 ${round(slant)}) rotate(${round(turn - slantAxis)}) scale(${round(scale)})`;

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${sizePx}" height="${sizePx}" viewBox="0 0 ${side} ${side}">
    <defs><filter id="shadow" filterUnits="userSpaceOnUse" x="0" y="0" width="${side}" height="${side}">
      <feGaussianBlur in="SourceAlpha" stdDeviation="${round(view.between(3, 7))}"/><feOffset dx="${round(shadowX)}" dy="${round(shadowY)}"/>
      <feComponentTransfer><feFuncA type="linear" slope="${round(view.between(0.35, 0.65))}"/></feComponentTransfer>
      <feMerge><feMergeNode/><feMergeNode in="SourceGraphic"/></feMerge></filter></defs>
    ${isStudio ? cover(css(colour(0, 0, 72))) : view.pick(surfaces)(view)}
    <g filter="url(#shadow)"><g transform="${placement}">${fragment}</g></g></svg>`;
}

/** Every kind lies on every surface, so that the surface says nothing about the kind. */
const surfaces: readonly [Surface, ...Surface[]] = [wood, felt, marble, linen, paper, desk];
type Surface = (view: Random) => string;

const cover = (fill: string) => `<rect width="${side}" height="${side}" fill="${fill}"/>`;

function wood(view: Random): string {
  const plank = colour(view.between(20, 36), view.between(24, 46), view.between(28, 62));
  const width = view.between(52, 120);
  const planks = Array.from({ length: Math.ceil(side / width) + 1 }, (_, i) => {
    const grain = Array.from({ length: 9 }, () => {
      const gx = i * width + view.between(2, width - 2);
      const bend = view.between(-7, 7);
      return `<path d="M${round(gx)} -40C${round(gx + bend)} 120 ${round(gx - bend)} 260 ${round(gx + bend)} 440" stroke="${css(plank, view.between(-11, 8))}" stroke-width="${round(view.between(0.6, 2.6))}" fill="none" opacity=".6"/>`;
    });
    return `<rect x="${round(i * width)}" y="-40" width="${round(width)}" height="480" fill="${css(plank, view.between(-4, 4))}"/>${grain.join('')}<path d="M${round(i * width)} -40V440" stroke="${css(plank, -20)}" stroke-width="1.600"/>`;
  });
  return `${cover(css(plank))}<g transform="rotate(${view.pick([0, 90])} 200 200)">${planks.join('')}</g>`;
}

function felt(view: Random): string {
  const cloth = colour(view.between(0, 360), view.between(20, 48), view.between(18, 42));
  const fibres = Array.from({ length: 260 }, () => {
    const [x, y] = [view.between(0, side), view.between(0, side)];
    return `<path d="M${round(x)} ${round(y)}l${round(view.between(-7, 7))} ${round(view.between(-7, 7))}" stroke="${css(cloth, view.between(-7, 10))}" stroke-width=".9" opacity=".7"/>`;
  });
  return cover(css(cloth)) + fibres.join('');
}

function marble(view: Random): string {
  const stone = colour(view.between(0, 360), view.between(2, 10), view.between(72, 92));
  const veins = Array.from({ length: 11 }, () => {
    const [x, y] = [view.between(-60, side), view.between(-60, side)];
    const bend = () => `${round(view.between(10, 110))} ${round(view.between(-50, 90))}`;
    return `<path d="M${round(x)} ${round(y)}q${bend()} ${bend()}t${bend()}" stroke="${css(stone, view.between(-26, -8))}" stroke-width="${round(view.between(0.7, 4))}" fill="none" opacity=".5"/>`;
  });
  return cover(css(stone)) + veins.join('');
}

function linen(view: Random): string {
  const thread = colour(view.between(20, 60), view.between(6, 26), view.between(52, 84));
  const pitch = view.between(3.5, 6.5);
  const lines = Array.from({ length: Math.ceil(side / pitch) }, (_, i) => `M${round(i * pitch)} 0V${side}M0 ${round(i * pitch)}H${side}`).join('');
  return `${cover(css(thread))}<path d="${lines}" stroke="${css(thread, -10)}" stroke-width="1.100" opacity=".75"/>`;
}

function paper(view: Random): string {
  const sheet = colour(view.between(35, 60), view.between(5, 30), view.between(86, 96));
  const pitch = view.between(16, 34);
  const lines = Array.from({ length: Math.ceil(side / pitch) }, (_, i) => `M${round(i * pitch)} 0V${side}M0 ${round(i * pitch)}H${side}`).join('');
  const ruled = view.chance(0.5) ? `<path d="${lines}" stroke="${css(colour(205, 40, 74))}" stroke-width="1"/>` : '';
  return cover(css(sheet)) + ruled;
}

function desk(view: Random): string {
  const [near, far] = [colour(view.between(0, 360), view.between(5, 35), view.between(25, 75)), colour(view.between(0, 360), view.between(5, 25), view.between(30, 80))];
  const edge = view.between(40, 130);
  return `<defs>${linearGradient('desk-near', [[0, css(near, 7)], [1, css(near, -9)]])}${radialGradient('desk-far', [[0, css(far, 8)], [1, css(far, -10)]])}</defs>
    ${cover('url(#desk-near)')}<rect width="${side}" height="${round(edge)}" fill="url(#desk-far)"/><path d="M0 ${round(edge)}H${side}" stroke="${css(near, -18)}" stroke-width="2"/>`;
}
