import type { TrainedHead } from '@repo/recognition-domain';
import type { Convolution, ConvolutionalNetwork } from './convolutional-network.js';

/** A layer's weights, named as Keras names them. */
export interface KerasWeights {
  readonly layer: string;
  /** e.g. `kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model as Keras's functional API describes it, and its weights in the order of the layers. */
export interface KerasModel {
  readonly config: { readonly class_name: 'Functional'; readonly config: object };
  readonly layers: readonly string[];
  readonly weights: readonly KerasWeights[];
}

interface Layer {
  readonly name: string;
  readonly class_name: string;
  readonly config: object;
  readonly inbound_nodes: unknown[];
}

/**
 * Backbone and head as a Keras model: `image` float32 [n, side, side, 3], RGB from 0 to 255, gives
 * `probabilities` [n, classes], calibrated. Only layers that Keras and TensorFlow.js bring along, so
 * that both load it as it is.
 */
export function kerasModel(network: ConvolutionalNetwork, head: TrainedHead): KerasModel {
  const builder = new ModelBuilder();
  const image = builder.add('InputLayer', 'image', { batch_input_shape: [null, network.inputSize, network.inputSize, 3], sparse: false }, []);
  let value = builder.add('Rescaling', 'normalised', { scale: 1 / 127.5, offset: -1 }, [image]);
  for (const { layers, residual } of network.blocks) {
    const entered = value;
    for (const layer of layers) {
      value = addConvolution(builder, layer, value);
    }
    if (residual) {
      value = builder.add('Add', `${value}_add`, {}, [entered, value]);
    }
  }
  const average = builder.add('GlobalAveragePooling2D', 'average', { data_format: 'channels_last' }, [value]);
  const output = addHead(builder, network.dimensions, head, addUnitLength(builder, network.dimensions, average));
  return builder.finish('ocolecionador', image, output);
}

/**
 * Brings a vector to the length of the root of its dimensions. TensorFlow.js has no layer for that,
 * but a layer normalisation of (x, -x) does it: their mean is 0, their variance the mean square.
 * The numbers come in pairs, each before its negative.
 */
function addUnitLength(builder: ModelBuilder, dimensions: number, input: string): string {
  const pixel = builder.add('Reshape', 'average_pixel', { target_shape: [1, 1, dimensions] }, [input]);
  const mirrored = builder.add('DepthwiseConv2D', 'mirrored', { ...convolutionConfig(1, 1, 'valid'), use_bias: false, depth_multiplier: 2 }, [pixel]);
  builder.weigh(mirrored, 'depthwise_kernel', [1, 1, dimensions, 2], Float32Array.from({ length: 2 * dimensions }, (_, i) => (i % 2 === 0 ? 1 : -1)));
  const flat = builder.add('Flatten', 'mirrored_flat', { data_format: 'channels_last' }, [mirrored]);
  return builder.add('LayerNormalization', 'embedding', { axis: [-1], epsilon: 1e-12, center: false, scale: false }, [flat]);
}

function addConvolution(builder: ModelBuilder, layer: Convolution, input: string): string {
  const { name, kernel, stride, depthwise, channelsIn, channelsOut } = layer;
  const shared = { ...convolutionConfig(kernel, stride, 'same'), use_bias: true };
  const value = depthwise
    ? builder.add('DepthwiseConv2D', name, { ...shared, depth_multiplier: 1 }, [input])
    : builder.add('Conv2D', name, { ...shared, filters: channelsOut }, [input]);
  builder.weigh(name, depthwise ? 'depthwise_kernel' : 'kernel', [kernel, kernel, channelsIn, depthwise ? 1 : channelsOut], layer.weights);
  builder.weigh(name, 'bias', [channelsOut], layer.bias);
  return layer.relu6 ? builder.add('ReLU', `${name}_relu6`, { max_value: 6 }, [value]) : value;
}

function convolutionConfig(kernel: number, stride: number, padding: 'same' | 'valid') {
  return {
    kernel_size: [kernel, kernel], strides: [stride, stride], padding,
    data_format: 'channels_last', dilation_rate: [1, 1], activation: 'linear',
  };
}

/** Its input is as long as the root of the dimensions, and every number in it is followed by its negative, which weighs nothing. */
function addHead(builder: ModelBuilder, dimensions: number, { labels, weights, bias, temperature }: TrainedHead, input: string): string {
  const output = builder.add('Dense', 'probabilities', { units: labels.length, activation: 'softmax', use_bias: true }, [input]);
  // Dividing weights and bias by the temperature divides the logits.
  const scale = 1 / (temperature * Math.sqrt(dimensions));
  const kernel = new Float32Array(2 * weights.length);
  weights.forEach((weight, i) => {
    const [row, column] = [Math.floor(i / labels.length), i % labels.length];
    kernel[2 * row * labels.length + column] = weight * scale;
  });
  builder.weigh(output, 'kernel', [2 * dimensions, labels.length], kernel);
  builder.weigh(output, 'bias', [labels.length], bias.map((value) => value / temperature));
  return output;
}

class ModelBuilder {
  private readonly layers: Layer[] = [];
  private readonly weights: KerasWeights[] = [];

  add(className: string, name: string, config: object, inputs: readonly string[]): string {
    const inbound = inputs.map((input) => [input, 0, 0, {}]);
    this.layers.push({ name, class_name: className, config: { name, trainable: true, dtype: 'float32', ...config }, inbound_nodes: inbound.length > 0 ? [inbound] : [] });
    return name;
  }

  weigh(layer: string, name: string, shape: readonly number[], values: Float32Array): void {
    this.weights.push({ layer, name, shape, values });
  }

  finish(name: string, input: string, output: string): KerasModel {
    const config = { name, trainable: true, layers: this.layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] };
    return { config: { class_name: 'Functional', config }, layers: this.layers.map((layer) => layer.name), weights: this.weights };
  }
}
