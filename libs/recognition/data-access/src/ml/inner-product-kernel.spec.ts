import { expect, it } from 'vitest';
import { innerProductKernel } from './inner-product-kernel.js';

it.each([
  [16, 1],
  [16, 5],
  [1280, 3],
])('multiplies vectors of %d numbers, %d of them', (dimensions, rows) => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const score = innerProductKernel(memory, dimensions);
  const numbers = new Float32Array(memory.buffer);
  const numberAt = (i: number) => Math.sin(i * 1.7);
  numbers.forEach((_, i) => (numbers[i] = i < dimensions * (rows + 1) ? numberAt(i) : 9));
  const scoresAt = dimensions * (rows + 1) + 4;
  score(0, dimensions * 4, rows, scoresAt * 4);
  for (let row = 0; row < rows; row += 1) {
    let expected = 0;
    for (let i = 0; i < dimensions; i += 1) {
      expected += numberAt(i) * numberAt((row + 1) * dimensions + i);
    }
    expect(numbers[scoresAt + row]).toBeCloseTo(expected, 3);
  }
  expect(numbers[scoresAt - 1]).toBe(9);
  expect(numbers[scoresAt + rows]).toBe(9);
});

it('refuses vectors that it would read past the end of', () => {
  expect(() => innerProductKernel(new WebAssembly.Memory({ initial: 1 }), 100)).toThrow('a multiple of 16 numbers, got 100');
});
