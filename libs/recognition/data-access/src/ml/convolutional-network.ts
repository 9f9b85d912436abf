/** A convolution with batch normalisation folded into it. */
export interface Convolution {
  /** The layer's name in Keras. */
  readonly name: string;
  /** True when each channel has its own filter. */
  readonly depthwise: boolean;
  /** Side of the square filter, in pixels. */
  readonly kernel: number;
  readonly stride: 1 | 2;
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Side of the square it reads and of the one it writes, in pixels. */
  readonly sideIn: number;
  readonly sideOut: number;
  /** Clipped to 0..6 afterwards; otherwise linear. */
  readonly relu6: boolean;
  /** Keras order: height, width, in, out; depthwise: height, width, channel, 1. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Convolutions in a row; a residual block adds its input to what they give. */
export interface Block {
  readonly layers: readonly Convolution[];
  readonly residual: boolean;
}

/** From a square RGB picture to feature maps; the embedding is their average over all pixels, brought to length 1. */
export interface ConvolutionalNetwork {
  /** Side of the picture, in pixels. */
  readonly inputSize: number;
  readonly blocks: readonly Block[];
  /** Length of the embedding. */
  readonly dimensions: number;
}

/** Rows of zeros before and after the picture as TensorFlow's SAME has it: an odd one goes to the bottom and right. */
export function samePadding({ kernel, stride, sideIn, sideOut }: Convolution): { before: number; after: number } {
  const total = Math.max((sideOut - 1) * stride + kernel - sideIn, 0);
  const before = Math.floor(total / 2);
  return { before, after: total - before };
}

/** The weights in ONNX order: out, in, height, width. */
export function weightsOutFirst({ weights, kernel, channelsIn, channelsOut, depthwise }: Convolution): Float32Array {
  const pixels = kernel * kernel;
  const inputs = depthwise ? 1 : channelsIn;
  const ordered = new Float32Array(weights.length);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let input = 0; input < inputs; input += 1) {
      for (let output = 0; output < channelsOut; output += 1) {
        ordered[(output * inputs + input) * pixels + pixel] = weights[(pixel * inputs + input) * channelsOut + output]!;
      }
    }
  }
  return ordered;
}
