import sharp from 'sharp';
import { Random } from './random.js';
import type { Setting } from './setting.js';

/** Normal draws kept in a table: one call per pixel would cost more than everything else together. */
const noiseTable = makeNoiseTable(4096);

function makeNoiseTable(length: number): Float32Array {
  const random = new Random('noise');
  return Float32Array.from({ length }, () => random.normal());
}

/**
 * Photographs a scene: uneven light from one side, darker corners, a cast of colour,
 * exposure, contrast, grain, a little blur, JPEG.
 *
 * @param svg a document of `sizePx` by `sizePx`
 */
export async function photograph(svg: string, sizePx: number, setting: Setting, view: Random): Promise<Buffer> {
  const pixels = await sharp(Buffer.from(svg)).removeAlpha().toColourspace('srgb').raw().toBuffer();

  // In the studio a quarter of what varies at home.
  const share = setting === 'studio' ? 0.25 : 1;
  const exposure = 1 + share * view.between(-0.22, 0.16);
  const warmth = share * view.between(-0.07, 0.07);
  const gains = [exposure * (1 + warmth), exposure, exposure * (1 - warmth)] as const;
  const contrast = 1 + share * view.between(-0.14, 0.12);
  const lightAngle = view.between(0, 2 * Math.PI);
  const unevenness = share * view.between(0.04, 0.26);
  const [lightX, lightY] = [(Math.cos(lightAngle) * unevenness * 2) / sizePx, (Math.sin(lightAngle) * unevenness * 2) / sizePx];
  const vignette = (share * view.between(0, 0.22) * 4) / (sizePx * sizePx);
  const grain = view.between(1.5, 7);
  let grainState = view.whole(0, 2 ** 31);

  const middle = (sizePx - 1) / 2;
  for (let y = 0, at = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      const [dx, dy] = [x - middle, y - middle];
      const light = 1 + dx * lightX + dy * lightY - (dx * dx + dy * dy) * 0.5 * vignette;
      // One step of a linear congruential generator (Numerical Recipes) picks the grain; its high bits are the good ones.
      grainState = (Math.imul(grainState, 1664525) + 1013904223) >>> 0;
      const noise = (noiseTable[grainState >>> 20] ?? 0) * grain;
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        const value = ((pixels[at] ?? 0) * light * (gains[channel] ?? 1) - 128) * contrast + 128 + noise;
        pixels[at] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }

  // The blur of a hand-held photo grows with its size, so that every size shows the same scene.
  const blur = view.between(0.0004, 0.0016) * sizePx;
  const shot = sharp(pixels, { raw: { width: sizePx, height: sizePx, channels: 3 } });
  return (blur < 0.3 ? shot : shot.blur(blur)).jpeg({ quality: view.whole(80, 93) }).toBuffer();
}
