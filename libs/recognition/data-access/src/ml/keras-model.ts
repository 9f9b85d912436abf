import type { TrainedHead } from '@repo/recognition-domain';
import { samePadding, type Convolution, type ConvolutionalNetwork } from './convolutional-network.js';

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
 * Backbone and head as a Keras model: `image` float32 [n, side, side, 3], scaled to -1..1, gives
 * `probabilities` [n, classes], calibrated. The embedding is the output of `embedding`, a
 * UnitNormalization layer (Keras 2.8 and later; TensorFlow.js needs `UnitNormalization` of this
 * library registered).
 */
export function kerasModel(network: ConvolutionalNetwork, head: TrainedHead): KerasModel {
  const builder = new ModelBuilder();
  let value = builder.add('InputLayer', 'image', { batch_input_shape: [null, network.inputSize, network.inputSize, 3], dtype: 'float32', sparse: false }, []);
  for (const { layers, residual } of network.blocks) {
    const entered = value;
    for (const layer of layers) {
      value = addConvolution(builder, layer, value);
    }
    if (residual) {
      value = builder.add('Add', `${value}_add`, {}, [entered, value]);
    }
  }
  value = builder.add('GlobalAveragePooling2D', 'average', { data_format: 'channels_last' }, [value]);
  value = builder.add('UnitNormalization', 'embedding', { axis: -1 }, [value]);
  const output = addHead(builder, network.dimensions, head, value);
  return builder.finish('ocolecionador', 'image', output);
}

function addConvolution(builder: ModelBuilder, layer: Convolution, input: string): string {
  const { name, kernel, stride, depthwise, channelsIn, channelsOut } = layer;
  const { before, after } = samePadding(layer);
  const shared = {
    kernel_size: [kernel, kernel],
    strides: [stride, stride],
    padding: before + after > 0 ? 'same' : 'valid',
    data_format: 'channels_last',
    dilation_rate: [1, 1],
    activation: 'linear',
    use_bias: true,
  };
  const value = depthwise
    ? builder.add('DepthwiseConv2D', name, { ...shared, depth_multiplier: 1 }, [input])
    : builder.add('Conv2D', name, { ...shared, filters: channelsOut }, [input]);
  builder.weigh(name, depthwise ? 'depthwise_kernel' : 'kernel', [kernel, kernel, channelsIn, depthwise ? 1 : channelsOut], layer.weights);
  builder.weigh(name, 'bias', [channelsOut], layer.bias);
  return layer.relu6 ? builder.add('ReLU', `${name}_relu6`, { max_value: 6 }, [value]) : value;
}

function addHead(builder: ModelBuilder, dimensions: number, { labels, weights, bias, temperature }: TrainedHead, input: string): string {
  const output = builder.add('Dense', 'probabilities', { units: labels.length, activation: 'softmax', use_bias: true }, [input]);
  // Dividing weights and bias by the temperature divides the logits.
  builder.weigh(output, 'kernel', [dimensions, labels.length], weights.map((weight) => weight / temperature));
  builder.weigh(output, 'bias', [labels.length], bias.map((value) => value / temperature));
  return output;
}

class ModelBuilder {
  private readonly layers: Layer[] = [];
  private readonly weights: KerasWeights[] = [];

  add(className: string, name: string, config: object, inputs: readonly string[]): string {
    const inbound = inputs.map((input) => [input, 0, 0, {}]);
    this.layers.push({ name, class_name: className, config: { name, trainable: true, ...config }, inbound_nodes: inbound.length > 0 ? [inbound] : [] });
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
