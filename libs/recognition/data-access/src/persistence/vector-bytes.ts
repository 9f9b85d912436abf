/** A vector as it is kept: float32, little-endian, as every machine that Node.js runs on has it in memory. */
export function bytesOfVector(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** Copies: the driver's bytes needn't begin at a multiple of 4. */
export function vectorOfBytes(bytes: Buffer): Float32Array {
  const copy = new Uint8Array(bytes);
  return new Float32Array(copy.buffer, 0, Math.floor(copy.byteLength / 4));
}
