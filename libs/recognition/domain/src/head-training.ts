/** A linear layer on the embedding: softmax((embedding · weights + bias) / temperature). */
export interface TrainedHead {
  readonly labels: readonly string[];
  /** dimensions x classes, row by row. */
  readonly weights: Float32Array;
  /** One for each class. */
  readonly bias: Float32Array;
  /** Divides the logits, so that a confidence of 0.8 is right 8 times in 10. */
  readonly temperature: number;
}

/** Rows to fit a head on. */
export interface HeadTrainingSet {
  /** rows x dimensions, row by row. */
  readonly features: Float32Array;
  /** Index of the class of each row. */
  readonly classes: Int32Array;
  /** How much each row counts; their mean should be 1. */
  readonly weights: Float32Array;
}

export interface HeadFitOptions {
  readonly dimensions: number;
  readonly classes: number;
  /** At most this many passes; all of them without a validation set. */
  readonly epochs: number;
  /** Epochs without a lower validation loss before it stops. */
  readonly patience: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Share of the target that is spread over all classes, 0 to 1. */
  readonly labelSmoothing: number;
  /** Penalty on the squared weights: this times their sum is added to the loss. */
  readonly weightDecay: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: EpochReport) => void;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
}

export interface FittedHead {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** The epoch whose weights were kept, from 1. */
  readonly bestEpoch: number;
  readonly history: readonly EpochReport[];
}

/** Fits a softmax head with Adam on categorical cross-entropy. */
export abstract class HeadTrainer {
  /** e.g. `tfjs-node-gpu`, `tfjs-node`, `wasm`. */
  abstract readonly backend: string;

  /**
   * Keeps the weights of the lowest validation loss; of the last epoch without a validation set.
   * Throws the signal's reason when it is aborted, PermanentError when the loss is not a number.
   */
  abstract fit(train: HeadTrainingSet, validation: HeadTrainingSet | undefined, options: HeadFitOptions): Promise<FittedHead>;
}
