import { expect, it } from 'vitest';
import { encodeSafetensors, parseSafetensors } from './safetensors.js';

function safetensors(header: unknown, data: Buffer = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

it('reads tensors, wherever they lie, and the metadata', () => {
  const file = safetensors(
    {
      __metadata__: { input_size: '96' },
      // An odd number of header bytes: the numbers begin anywhere.
      second: { dtype: 'F32', shape: [2], data_offsets: [4, 12] },
      first: { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] },
      none: { dtype: 'F32', shape: [0, 3], data_offsets: [12, 12] },
    },
    floats(1.5, -2, 3),
  );
  const { tensors, metadata } = parseSafetensors(file);
  expect(metadata).toEqual({ input_size: '96' });
  expect(tensors.get('first')).toEqual({ shape: [1, 1], data: Float32Array.of(1.5) });
  expect(tensors.get('second')).toEqual({ shape: [2], data: Float32Array.of(-2, 3) });
  expect(tensors.get('none')!.data).toHaveLength(0);
});

it.each([
  [0x0000, 0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, 65504],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
])('widens the half %i to %d', (bits, expected) => {
  const data = Buffer.alloc(2);
  data.writeUInt16LE(bits);
  expect(parseSafetensors(safetensors({ x: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }, data)).tensors.get('x')!.data[0]).toBe(expected);
});

const entry = (changes: object) => safetensors({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...changes } }, floats(1, 2));

it.each([
  ['an empty file', Buffer.alloc(0), 'Not a safetensors file'],
  ['a photo', Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), 'Not a safetensors file'],
  ['a header longer than the file', Buffer.concat([Buffer.from('ff00000000000000', 'hex'), Buffer.from('{}')]), 'Not a safetensors file'],
  ['a header that is no JSON', safetensors('{"x"'), 'not JSON'],
  ['a header that is a list', safetensors('[1]'), 'not JSON'],
  ['whole numbers', entry({ dtype: 'I32' }), 'Tensor x is I32'],
  ['a tensor without shape', entry({ shape: undefined }), 'no proper shape'],
  ['a negative side', entry({ shape: [-2] }), 'no proper shape'],
  ['a place before the data', entry({ data_offsets: [-8, 0] }), 'no proper shape'],
  ['a place beyond the data', entry({ data_offsets: [4, 12] }), 'should take 8 bytes, has 4 to 12 of 8'],
  ['fewer bytes than the shape wants', entry({ shape: [3] }), 'should take 12 bytes'],
])('refuses %s', (_, file, message) => {
  expect(() => parseSafetensors(file)).toThrow(message);
});

it('writes what it reads, beginning the numbers at a multiple of eight bytes', () => {
  const weights = {
    metadata: { source: 'açaí' },
    tensors: new Map([
      ['a', { shape: [1, 2], data: Float32Array.of(1.5, -2) }],
      ['b', { shape: [1], data: Float32Array.of(9, 3, 9).subarray(1, 2) }],
    ]),
  };
  const file = encodeSafetensors(weights);
  expect(Number(file.readBigUInt64LE(0)) % 8).toBe(0);
  expect(parseSafetensors(file)).toEqual(weights);
});
