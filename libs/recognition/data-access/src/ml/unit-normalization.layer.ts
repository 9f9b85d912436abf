import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';

/** Keras's layer of that name: brings each row to length 1 (L2). Register it before loading a version's model.json. */
export class UnitNormalization extends layers.Layer {
  static readonly className = 'UnitNormalization';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.div(input, tf.maximum(tf.norm(input, 'euclidean', -1, true), 1e-12)));
  }
}
tf.serialization.registerClass(UnitNormalization);
