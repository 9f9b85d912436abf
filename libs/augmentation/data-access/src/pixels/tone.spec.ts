import { expect, it } from 'vitest';
import { addContrast, brighten, changeColours, colourMatrix, jitterColours, shiftColours } from './tone.js';

const pixel = (...rgb: number[]) => ({ width: 1, height: 1, data: Uint8Array.from(rgb) });
const luma = ([red, green, blue]: Iterable<number>) => 0.299 * red! + 0.587 * green! + 0.114 * blue!;

it.each([
  ['brightens and clips', brighten(pixel(100, 200, 0), 1.3), [130, 255, 0]],
  ['spreads about the pivot', addContrast(pixel(100, 120, 10), 1.5, 100), [100, 130, 0]],
  ['warms the light', shiftColours(pixel(100, 100, 100), { red: 1.1, green: 1, blue: 0.8 }), [110, 100, 80]],
  ['takes all colour out', changeColours(pixel(200, 100, 50), { saturation: 0, degrees: 0 }), [124, 124, 124]],
  ['changes nothing when told to', changeColours(pixel(200, 100, 50), { saturation: 1, degrees: 0 }), [200, 100, 50]],
  ['turns all the way round', changeColours(pixel(200, 100, 50), { saturation: 1, degrees: 360 }), [200, 100, 50]],
  ['jitters nothing at ones', jitterColours(pixel(200, 100, 50), { brightness: 1, contrast: 1, saturation: 1, degrees: 0 }), [200, 100, 50]],
  ['jitters contrast about mid-grey', jitterColours(pixel(128, 128, 128), { brightness: 1, contrast: 0.5, saturation: 1, degrees: 0 }), [128, 128, 128]],
  ['jitters brightness', jitterColours(pixel(100, 100, 100), { brightness: 1.2, contrast: 1, saturation: 0.5, degrees: 9 }), [120, 120, 120]],
])('%s', (_, { data }, expected) => expect([...data]).toEqual(expected));

it.each([-20, -8, 8, 20, 90, 180])('keeps the luma when it turns hues by %i degrees', (degrees) => {
  const { data } = changeColours(pixel(140, 120, 100), { saturation: 1, degrees });
  expect(luma(data)).toBeCloseTo(luma([140, 120, 100]), -0.5);
  expect([...data]).not.toEqual([140, 120, 100]);
});

it('leaves greys grey, whatever the turn', () => {
  const matrix = colourMatrix(1.4, 73);
  for (const row of [0, 3, 6]) {
    expect(matrix[row]! + matrix[row + 1]! + matrix[row + 2]!).toBeCloseTo(1, 12);
  }
});
