import { seededRandom } from '@repo/kernel';

/**
 * Drawn pictures that show a network about what photos show it: soft light, flat and striped
 * things of all colours, noise. RGB, row by row, `side` x `side`.
 */
export function drawCalibrationPhotos(side: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => drawPhoto(side, seededRandom(i + 1)));
}

type Colour = [number, number, number];

function drawPhoto(side: number, random: () => number): Uint8Array {
  const colour = (): Colour => [255 * random(), 255 * random(), 255 * random()];
  const [sky, ground] = [colour(), colour()];
  const things = Array.from({ length: 4 + Math.floor(random() * 12) }, () => ({
    x: random() * side, y: random() * side, radius: side * (0.04 + 0.3 * random() ** 2),
    square: random() < 0.4, stripes: random() < 0.5 ? 2 + random() * 20 : 0, angle: random() * Math.PI,
    colours: [colour(), colour()] as const, shade: random(),
  }));
  const grain = 25 * random();
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      let seen: Colour = blend(sky, ground, y / side);
      for (const { x: centreX, y: centreY, radius, square, stripes, angle, colours, shade } of things) {
        const [across, down] = [x - centreX, y - centreY];
        const distance = square ? Math.max(Math.abs(across), Math.abs(down)) : Math.hypot(across, down);
        if (distance < radius) {
          const wave = Math.sin((stripes * (across * Math.cos(angle) + down * Math.sin(angle))) / radius);
          seen = blend(blend(colours[0], colours[1], stripes ? (wave + 1) / 2 : 0), [0, 0, 0], (shade * distance) / radius);
        }
      }
      const noise = grain * (random() - 0.5);
      pixels.set(seen.map((channel) => Math.max(0, Math.min(255, channel + noise))), (y * side + x) * 3);
    }
  }
  return pixels;
}

function blend(a: Colour, b: Colour, share: number): Colour {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}
