import { PermanentError } from '@repo/kernel';

export interface Tensor {
  readonly shape: readonly number[];
  /** Row by row; half precision is widened. */
  readonly data: Float32Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit: a longer header is an attack or another kind of file. */
const longestHeader = 100_000_000;

/**
 * Reads weights in the safetensors format: eight bytes of header length, a JSON header, the
 * numbers (github.com/huggingface/safetensors, "Format"). F32 and F16 tensors are understood.
 * Throws PermanentError saying what is wrong with the file.
 */
export function parseSafetensors(file: Buffer): Safetensors {
  const { header, dataStart } = parseHeader(file);
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = entry as Record<string, string>;
    } else {
      tensors.set(name, parseTensor(name, entry as TensorEntry, file.subarray(dataStart)));
    }
  }
  return { tensors, metadata };
}

/**
 * The same format, every tensor as F32 in the order given: the same tensors give the same bytes. The numbers
 * begin at a multiple of eight bytes, as the format asks.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...[...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))]);
}

interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [begin: number, end: number];
}

function parseHeader(file: Buffer): { header: Record<string, unknown>; dataStart: number } {
  const length = file.length >= 8 ? file.readBigUInt64LE(0) : 0n;
  if (length < 2n || length > longestHeader || length > file.length - 8) {
    throw new PermanentError(`Not a safetensors file: ${file.length} bytes, header of ${length}`);
  }
  const dataStart = 8 + Number(length);
  try {
    const header: unknown = JSON.parse(file.toString('utf8', 8, dataStart));
    if (typeof header !== 'object' || header === null || Array.isArray(header)) {
      throw new TypeError('its header is not an object');
    }
    return { header: header as Record<string, unknown>, dataStart };
  } catch (cause) {
    throw new PermanentError('Not a safetensors file: its header is not JSON', { cause });
  }
}

function parseTensor(name: string, entry: TensorEntry, data: Buffer): Tensor {
  const bytesPerNumber = { F32: 4, F16: 2 }[entry.dtype];
  if (bytesPerNumber === undefined) {
    throw new PermanentError(`Tensor ${name} is ${entry.dtype}; only F32 and F16 are read`);
  }
  const { shape, data_offsets: offsets } = entry;
  if (!isWholeNumbers(shape) || !isWholeNumbers(offsets) || offsets.length !== 2) {
    throw new PermanentError(`Tensor ${name} has no proper shape and place`);
  }
  const count = shape.reduce((product, side) => product * side, 1);
  const [begin, end] = offsets;
  if (end - begin !== count * bytesPerNumber || end > data.length) {
    throw new PermanentError(`Tensor ${name} should take ${count * bytesPerNumber} bytes, has ${begin} to ${end} of ${data.length}`);
  }
  const bytes = data.subarray(begin, end);
  return { shape, data: bytesPerNumber === 4 ? readFloats(bytes) : readHalves(bytes) };
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => Number.isSafeInteger(number) && number >= 0);
}

/** A copy, since a tensor may start at any byte and a Float32Array only at every fourth. */
function readFloats(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function readHalves(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => halfToNumber(bytes.readUInt16LE(2 * i)));
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) {
    return fraction ? NaN : sign * Infinity;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
