import { PermanentError } from '@repo/kernel';

/**
 * Files of faiss's IndexFlatIP, byte for byte as `faiss.write_index` writes them (faiss 1.7,
 * index_write.cpp): little-endian, the head below, then the vectors row by row.
 */
const kind = 'IxFI';
const headBytes = 4 + 4 + 8 + 8 + 8 + 1 + 4 + 8;
/** Two fields that faiss keeps for history's sake and never reads. */
const unusedField = 1n << 20n;
const innerProduct = 0;

/** Throws RangeError when a vector has another length. */
export function writeFaissFlatFile(vectors: readonly Float32Array[], dimensions: number): Buffer {
  const head = Buffer.alloc(headBytes);
  let at = head.write(kind, 'latin1');
  at = head.writeInt32LE(dimensions, at);
  at = head.writeBigInt64LE(BigInt(vectors.length), at);
  at = head.writeBigInt64LE(unusedField, at);
  at = head.writeBigInt64LE(unusedField, at);
  at = head.writeUInt8(1, at); // trained: a flat index always is
  at = head.writeInt32LE(innerProduct, at);
  head.writeBigUInt64LE(BigInt(vectors.length * dimensions), at);
  const rows = vectors.map((vector, row) => {
    if (vector.length !== dimensions) {
      throw new RangeError(`Vector ${row} has ${vector.length} numbers instead of ${dimensions}`);
    }
    return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  });
  return Buffer.concat([head, ...rows]);
}

/** Throws PermanentError when it is no such file, or a part of one. */
export function readFaissFlatFile(file: Buffer): { dimensions: number; vectors: Float32Array[] } {
  if (file.length < headBytes || file.toString('latin1', 0, 4) !== kind || file.readInt32LE(33) !== innerProduct) {
    throw new PermanentError('Not a FAISS file of a flat inner-product index');
  }
  const dimensions = file.readInt32LE(4);
  const rows = Number(file.readBigInt64LE(8));
  const vectorBytes = dimensions * Float32Array.BYTES_PER_ELEMENT;
  if (dimensions <= 0 || rows < 0 || file.readBigUInt64LE(37) !== BigInt(rows * dimensions) || file.length !== headBytes + rows * vectorBytes) {
    throw new PermanentError(`The FAISS file says ${rows} vectors of ${dimensions} numbers and has ${file.length} bytes`);
  }
  const vectors = Array.from({ length: rows }, (_, row) => {
    const start = headBytes + row * vectorBytes;
    return new Float32Array(new Uint8Array(file.subarray(start, start + vectorBytes)).buffer); // a copy: the head leaves them unaligned
  });
  return { dimensions, vectors };
}
