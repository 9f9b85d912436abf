import { expect, it } from 'vitest';
import { readFaissFlatFile, writeFaissFlatFile } from './faiss-flat-file.js';

const vectors = [Float32Array.of(1, 2, 3), Float32Array.of(-0.5, 0, 1e-7)];

it('writes the bytes that faiss writes', () => {
  // python3: faiss.write_index of an IndexFlatIP(2) with the row [1, 2]
  const expected = '49784649' + '02000000' + '0100000000000000' + '0000100000000000'.repeat(2) + '01' + '00000000' + '0200000000000000' + '0000803f' + '00000040';
  expect(writeFaissFlatFile([Float32Array.of(1, 2)], 2).toString('hex')).toBe(expected);
});

it.each([[vectors], [[]]])('reads what it wrote (%#)', (written) => {
  expect(readFaissFlatFile(writeFaissFlatFile(written, 3))).toEqual({ dimensions: 3, vectors: written });
});

it('writes a part of a larger array', () => {
  const whole = Float32Array.of(9, 9, 1, 2, 3, 9);
  expect(readFaissFlatFile(writeFaissFlatFile([whole.subarray(2, 5)], 3)).vectors).toEqual([Float32Array.of(1, 2, 3)]);
});

it('refuses to write a vector of another length', () => {
  expect(() => writeFaissFlatFile([...vectors, Float32Array.of(1)], 3)).toThrow('Vector 2 has 1 numbers instead of 3');
});

const whole = writeFaissFlatFile(vectors, 3);
const withL2 = Buffer.from(whole);
withL2.writeInt32LE(1, 33);
const withManyRows = Buffer.from(whole);
withManyRows.writeBigInt64LE(1_000_000_000n, 8);

it.each([
  ['an empty file', Buffer.alloc(0), 'Not a FAISS file'],
  ['another kind of file', Buffer.from('PK\x03\x04'.repeat(40)), 'Not a FAISS file'],
  ['another metric', withL2, 'Not a FAISS file'],
  ['a cut file', whole.subarray(0, whole.length - 1), '2 vectors of 3 numbers'],
  ['more rows than bytes', withManyRows, '1000000000 vectors'],
])('refuses %s', (_, file, message) => {
  expect(() => readFaissFlatFile(file)).toThrow(message);
});
