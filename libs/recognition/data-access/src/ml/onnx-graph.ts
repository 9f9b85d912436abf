import { ProtobufMessage } from './protobuf.js';

/** TensorProto.DataType of onnx.proto3. */
const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

/** AttributeProto.AttributeType of onnx.proto3. */
const attributeTypes = { float: 1, integer: 2, integers: 7 } as const;
export type Attribute = { readonly float: number } | { readonly integer: number } | { readonly integers: readonly number[] };

/** A named dimension, such as the batch, is a string. */
export type Dimensions = readonly (number | string)[];

/** IR version 8 came with ONNX 1.10; it goes with operator set 13. */
const irVersion = 8;
const operatorSet = 13;

/**
 * Builds an ONNX model (github.com/onnx/onnx, onnx.proto3). Values are named by strings; every
 * method that makes a value answers its name, so that a network reads as a chain of calls.
 */
export class OnnxGraph {
  private readonly nodes: ProtobufMessage[] = [];
  private readonly constants: ProtobufMessage[] = [];
  private readonly inputs: ProtobufMessage[] = [];
  private readonly outputs: ProtobufMessage[] = [];

  constructor(private readonly name: string) {}

  input(name: string, type: ElementType, dimensions: Dimensions): string {
    this.inputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  output(name: string, type: ElementType, dimensions: Dimensions): string {
    this.outputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  /** A tensor of fixed numbers; a scalar has no dimensions. */
  constant(
    name: string,
    data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array,
    dimensions: readonly number[] = [],
  ): string {
    const tensor = new ProtobufMessage();
    dimensions.forEach((side) => tensor.integer(1, side));
    tensor.integer(2, elementTypes[elementTypeOf(data)]);
    tensor.text(8, name);
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.constants.push(tensor);
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant(name, Float32Array.of(value));
  }

  /**
   * One operation with one output.
   *
   * @param domain `com.microsoft` for onnxruntime's own operators
   */
  node(operator: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute> = {}, domain?: string): string {
    const node = new ProtobufMessage();
    inputs.forEach((name) => node.text(1, name));
    node.text(2, output).text(3, `${output}/${operator}`).text(4, operator);
    for (const [name, attribute] of Object.entries(attributes)) {
      node.message(5, attributeMessage(name, attribute));
    }
    if (domain) {
      node.text(7, domain);
    }
    this.nodes.push(node);
    return output;
  }

  encode(): Buffer {
    const graph = new ProtobufMessage();
    this.nodes.forEach((node) => graph.message(1, node));
    graph.text(2, this.name);
    this.constants.forEach((tensor) => graph.message(5, tensor));
    this.inputs.forEach((value) => graph.message(11, value));
    this.outputs.forEach((value) => graph.message(12, value));
    return new ProtobufMessage()
      .integer(1, irVersion)
      .text(2, 'ocolecionador')
      .message(7, graph)
      .message(8, operatorSetMessage('', operatorSet))
      .message(8, operatorSetMessage('com.microsoft', 1))
      .encode();
  }
}

function operatorSetMessage(domain: string, version: number): ProtobufMessage {
  return new ProtobufMessage().text(1, domain).integer(2, version);
}

function attributeMessage(name: string, attribute: Attribute): ProtobufMessage {
  const message = new ProtobufMessage().text(1, name);
  if ('float' in attribute) {
    return message.float(2, attribute.float).integer(20, attributeTypes.float);
  }
  if ('integer' in attribute) {
    return message.integer(3, attribute.integer).integer(20, attributeTypes.integer);
  }
  attribute.integers.forEach((value) => message.integer(8, value));
  return message.integer(20, attributeTypes.integers);
}

function valueInfo(name: string, type: ElementType, dimensions: Dimensions): ProtobufMessage {
  const shape = new ProtobufMessage();
  for (const side of dimensions) {
    const dimension = new ProtobufMessage();
    shape.message(1, typeof side === 'string' ? dimension.text(2, side) : dimension.integer(1, side));
  }
  const tensorType = new ProtobufMessage().integer(1, elementTypes[type]).message(2, shape);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensorType));
}

function elementTypeOf(data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  return data instanceof Int32Array ? 'int32' : 'int64';
}
