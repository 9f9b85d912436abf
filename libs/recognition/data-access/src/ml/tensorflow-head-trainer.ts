import { setImmediate as nextTurn } from 'node:timers/promises';
import { PermanentError, seededRandom } from '@repo/kernel';
import { HeadTrainer, shuffle, type EpochReport, type FittedHead, type HeadFitOptions, type HeadTrainingSet } from '@repo/recognition-domain';
import * as tf from '@tensorflow/tfjs-core';
import { useTensorflow, type TensorflowBackend } from './tensorflow.js';

/** What one pass over some rows gave, as weighted sums. */
interface Tally {
  loss: number;
  right: number;
  weight: number;
}

/**
 * Adam on categorical cross-entropy, by TensorFlow.js. The gradient of a softmax layer is one
 * product, so it is written out: `model.fit` takes several times as long on the wasm backend, whose
 * products with transposed operands are slow and whose gather is too.
 */
export class TensorflowHeadTrainer extends HeadTrainer {
  private constructor(readonly backend: TensorflowBackend) {
    super();
  }

  /** Throws PermanentError when the backend doesn't load. */
  static async create(wanted: TensorflowBackend | 'auto'): Promise<TensorflowHeadTrainer> {
    return new TensorflowHeadTrainer(await useTensorflow(wanted));
  }

  async fit(train: HeadTrainingSet, validation: HeadTrainingSet | undefined, options: HeadFitOptions): Promise<FittedHead> {
    const head = new SoftmaxLayer(options);
    try {
      return await fitLayer(head, train, validation, options);
    } finally {
      head.dispose();
    }
  }
}

async function fitLayer(head: SoftmaxLayer, train: HeadTrainingSet, validation: HeadTrainingSet | undefined, options: HeadFitOptions): Promise<FittedHead> {
  const random = seededRandom(options.seed);
  const order = Int32Array.from(train.classes, (_, row) => row);
  const history: EpochReport[] = [];
  let best = { epoch: 0, valLoss: Infinity, ...head.read() };

  for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
    await nextTurn(); // lets the thread hear of an abort
    options.signal?.throwIfAborted();
    shuffle(order, random);
    const seen: Tally = { loss: 0, right: 0, weight: 0 };
    for (let start = 0; start < order.length; start += options.batchSize) {
      head.step(rowsOf(train, order.subarray(start, start + options.batchSize), options), seen);
    }
    const report: EpochReport = { epoch, epochs: options.epochs, loss: seen.loss / seen.weight, accuracy: seen.right / seen.weight, ...validate(head, validation, options) };
    if (!Number.isFinite(report.loss)) {
      throw new PermanentError(`The loss of epoch ${epoch} is not a number: the embeddings or the learning rate of ${options.learningRate} are off`);
    }
    history.push(report);
    options.onEpoch?.(report);

    const { valLoss = -epoch } = report; // without validation the last epoch is the best
    if (valLoss < best.valLoss) {
      best = { epoch, valLoss, ...head.read() };
    } else if (epoch - best.epoch >= options.patience) {
      break;
    }
  }
  return { weights: best.weights, bias: best.bias, bestEpoch: best.epoch, history };
}

function validate(head: SoftmaxLayer, validation: HeadTrainingSet | undefined, options: HeadFitOptions): Pick<EpochReport, 'valLoss' | 'valAccuracy'> {
  if (!validation) {
    return {};
  }
  const seen: Tally = { loss: 0, right: 0, weight: 0 };
  const order = Int32Array.from(validation.classes, (_, row) => row);
  head.look(rowsOf(validation, order, { ...options, labelSmoothing: 0 }), seen);
  return { valLoss: seen.loss / seen.weight, valAccuracy: seen.right / seen.weight };
}

/** Rows that go through the layer at once. */
interface Batch {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
  readonly classes: Int32Array;
}

function rowsOf(set: HeadTrainingSet, rows: Int32Array, { dimensions, classes, labelSmoothing }: HeadFitOptions): Batch {
  const features = new Float32Array(rows.length * dimensions);
  const targets = new Float32Array(rows.length * classes).fill(labelSmoothing / classes);
  rows.forEach((row, i) => {
    features.set(set.features.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions);
    targets[i * classes + set.classes[row]!]! += 1 - labelSmoothing;
  });
  return { features, targets, weights: Float32Array.from(rows, (row) => set.weights[row]!), classes: Int32Array.from(rows, (row) => set.classes[row]!) };
}

/** Its variables live outside JavaScript's memory until `dispose`. */
class SoftmaxLayer {
  private readonly weights: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;
  private readonly optimiser: tf.AdamOptimizer;

  constructor(private readonly options: HeadFitOptions) {
    // Zeros: the loss has one minimum, so no chance is needed at the start.
    this.weights = tf.tidy(() => tf.variable(tf.zeros([options.dimensions, options.classes])));
    this.bias = tf.tidy(() => tf.variable(tf.zeros([options.classes])));
    this.optimiser = tf.train.adam(options.learningRate);
  }

  /** One step of Adam. */
  step(batch: Batch, tally: Tally): void {
    tf.tidy(() => {
      const rows = batch.weights.length;
      const features = tf.tensor2d(batch.features, [rows, this.options.dimensions]);
      const targets = tf.tensor2d(batch.targets, [rows, this.options.classes]);
      const shares = tf.tensor2d(batch.weights.map((weight) => weight / rows), [rows, 1]);
      const probabilities = this.probabilities(features);
      const error = tf.mul(tf.sub(probabilities, targets), shares);
      // An explicit transpose: the wasm backend multiplies transposed operands in a naive loop.
      const slope = tf.matMul(tf.transpose(features), error);
      this.optimiser.applyGradients({
        [this.weights.name]: tf.add(slope, tf.mul(this.weights, 2 * this.options.weightDecay)),
        [this.bias.name]: tf.sum(error, 0),
      });
      count(batch, probabilities.dataSync(), tally);
    });
  }

  look(batch: Batch, tally: Tally): void {
    tf.tidy(() => {
      const features = tf.tensor2d(batch.features, [batch.weights.length, this.options.dimensions]);
      count(batch, this.probabilities(features).dataSync(), tally);
    });
  }

  read(): { weights: Float32Array; bias: Float32Array } {
    // Copies: what dataSync answers may be a view of the backend's memory.
    return { weights: Float32Array.from(this.weights.dataSync()), bias: Float32Array.from(this.bias.dataSync()) };
  }

  dispose(): void {
    tf.dispose([this.weights, this.bias]);
    this.optimiser.dispose();
  }

  private probabilities(features: tf.Tensor2D): tf.Tensor2D {
    return tf.softmax(tf.add(tf.matMul(features, this.weights), this.bias));
  }
}

function count({ targets, weights, classes }: Batch, probabilities: ArrayLike<number>, tally: Tally): void {
  const columns = targets.length / weights.length;
  weights.forEach((weight, row) => {
    let answer = 0;
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      tally.loss -= weight * targets[at]! * Math.log(Math.max(probabilities[at]!, 1e-7)); // Keras's epsilon
      answer = probabilities[at]! > probabilities[row * columns + answer]! ? column : answer;
    }
    tally.right += answer === classes[row] ? weight : 0;
    tally.weight += weight;
  });
}
