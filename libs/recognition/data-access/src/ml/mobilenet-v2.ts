import { PermanentError } from '@repo/kernel';
import type { Block, Convolution, ConvolutionalNetwork } from './convolutional-network.js';
import type { Safetensors, Tensor } from './safetensors.js';

/** Blocks 1 to 16 of Keras; these halve the picture. */
const halvingBlocks = new Set([1, 3, 6, 13]);
const lastBlock = 16;

/**
 * Puts MobileNetV2 without its top (Sandler et al., 2018, table 2) together from tensors named as in
 * Keras: `Conv1/kernel`, `block_3_depthwise/depthwise_kernel`, `Conv_1/bias` …. The width comes from
 * the shapes, so any alpha will do; the input size from the metadata `input_size`. Throws
 * PermanentError naming a tensor that is missing, misshapen or not finite.
 */
export function assembleMobileNetV2({ tensors, metadata }: Safetensors): ConvolutionalNetwork {
  const inputSize = Number(metadata.input_size ?? 224);
  if (!Number.isInteger(inputSize) || inputSize < 32 || inputSize > 1024) {
    throw new PermanentError(`The backbone's input_size must be 32 to 1024 pixels, got "${metadata.input_size}"`);
  }
  const layers = new LayerReader(tensors, inputSize);
  const blocks: Block[] = [
    chain(layers.read('Conv1', 2, true)),
    chain(layers.read('expanded_conv_depthwise', 1, true), layers.read('expanded_conv_project', 1, false)),
  ];
  for (let number = 1; number <= lastBlock; number += 1) {
    blocks.push(invertedResidual(layers, number));
  }
  const last = layers.read('Conv_1', 1, true);
  blocks.push(chain(last));
  return { inputSize, blocks, dimensions: last.channelsOut };
}

function chain(...layers: Convolution[]): Block {
  return { layers, residual: false };
}

function invertedResidual(layers: LayerReader, number: number): Block {
  const stride = halvingBlocks.has(number) ? 2 : 1;
  const expand = layers.read(`block_${number}_expand`, 1, true);
  const depthwise = layers.read(`block_${number}_depthwise`, stride, true);
  const project = layers.read(`block_${number}_project`, 1, false);
  return {
    layers: [expand, depthwise, project],
    residual: stride === 1 && expand.channelsIn === project.channelsOut,
  };
}

/** Reads layer after layer, checking that each fits the one before. */
class LayerReader {
  private channels = 3;

  constructor(
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private side: number,
  ) {}

  read(name: string, stride: 1 | 2, relu6: boolean): Convolution {
    const depthwise = name.endsWith('_depthwise');
    const kernel = this.tensor(`${name}/${depthwise ? 'depthwise_kernel' : 'kernel'}`);
    const bias = this.tensor(`${name}/bias`);
    const [height = 0, width = 0, channelsIn = 0, filters = 0] = kernel.shape;
    const channelsOut = depthwise ? channelsIn : filters;
    if (
      kernel.shape.length !== 4 || height !== width || channelsIn !== this.channels ||
      bias.shape.join() !== `${channelsOut}` || (depthwise && filters !== 1) || channelsOut === 0
    ) {
      throw new PermanentError(
        `Layer ${name} takes ${this.channels} channels; its kernel is ${kernel.shape.join(' x ')}, its bias ${bias.shape.join(' x ')}`,
      );
    }
    const sideIn = this.side;
    this.side = Math.ceil(sideIn / stride);
    this.channels = channelsOut;
    return { name, depthwise, kernel: height, stride, channelsIn, channelsOut, sideIn, sideOut: this.side, relu6, weights: kernel.data, bias: bias.data };
  }

  private tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) {
      throw new PermanentError(`The backbone has no tensor ${name}`);
    }
    if (!tensor.data.every(Number.isFinite)) {
      throw new PermanentError(`Tensor ${name} of the backbone holds a number that isn't finite`);
    }
    return tensor;
  }
}
