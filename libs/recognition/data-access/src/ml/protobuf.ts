/**
 * Writes the protocol buffers wire format (protobuf.dev/programming-guides/encoding): a message
 * is a row of fields, each a key (number and wire type) and a value.
 */
export class ProtobufMessage {
  private readonly parts: Uint8Array[] = [];

  /** An integer, enum or boolean field; negative numbers take ten bytes, as the format wants. */
  integer(field: number, value: number | bigint): this {
    return this.key(field, 0).push(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.key(field, 5).push(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.key(field, 2).push(varint(value.byteLength)).push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.encode());
  }

  encode(): Buffer {
    return Buffer.concat(this.parts);
  }

  private key(field: number, wireType: 0 | 2 | 5): this {
    return this.push(varint((field << 3) | wireType));
  }

  private push(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
