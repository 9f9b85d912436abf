import { DomainError } from '@repo/kernel';
import type { TrainedHead } from './head-training.js';

/** fp32, or int8: static per-channel quantisation, faster and a little less accurate. */
export type Precision = 'fp32' | 'int8';

export interface BackboneInfo {
  /** Names weights and preprocessing: vectors of different ids can't be compared. */
  readonly id: string;
  /** Where the weights came from. */
  readonly origin: 'configured' | 'data folder' | 'shipped';
  readonly path?: string;
  /** Length of an embedding. */
  readonly dimensions: number;
  /** Side of the square input, in pixels. */
  readonly inputSize: number;
  /** SPDX name of the weights' licence, where the file says it. */
  readonly licence?: string;
}

/** The network below the head: a photo in, 1,280 numbers out. */
export abstract class Backbone {
  abstract readonly info: BackboneInfo;

  /** An ONNX graph: `image` uint8 [n, side, side, 3] RGB -> `embedding` float32 [n, 1280], L2-normalised. */
  abstract onnx(precision?: Precision): Promise<Buffer>;

  /** The same with a second output: `probabilities` float32 [n, classes], calibrated. */
  abstract onnxWithHead(head: TrainedHead, precision?: Precision): Promise<Buffer>;
}

/** The name under which vectors are kept: int8 vectors are close to fp32 ones, but not the same. */
export function embeddingSpace(info: Pick<BackboneInfo, 'id'>, precision: Precision): string {
  return precision === 'fp32' ? info.id : `${info.id}-int8`;
}

export interface Inference {
  /** 1,280 numbers of length 1 (L2). */
  readonly embedding: Float32Array;
  /** Calibrated softmax in the order of the head's labels; absent without a head. */
  readonly probabilities?: Float32Array;
  /** Wall time of each stage in milliseconds. */
  readonly stagesMs: { readonly queue: number; readonly decode: number; readonly forward: number };
}

export interface RunOptions {
  /** Queries go before background work. Default `query`. */
  readonly priority?: 'query' | 'background';
}

export interface LoadedModel {
  /**
   * Decodes an encoded photo (JPEG, PNG, WebP), fits it to the input and runs the network.
   * Throws PhotoUndecodableError when the bytes are no image, ClassifierBusyError when too
   * many wait, TemporaryError when the thread that ran it died.
   */
  run(image: Buffer, options?: RunOptions): Promise<Inference>;

  /** Frees the network's memory, after what is running has finished. */
  unload(): Promise<void>;
}

/** Runs networks off the event loop. */
export abstract class InferenceEngine {
  /** Throws ModelUnusableError when the bytes are no network it can run. */
  abstract load(onnx: Buffer): Promise<LoadedModel>;
  abstract close(): Promise<void>;
}

/** More photos wait than the queue may hold. */
export class ClassifierBusyError extends DomainError {
  readonly code = 'CLASSIFIER_BUSY';
  constructor(waiting: number, options?: ErrorOptions) {
    super(`The classifier is busy: ${waiting} photos wait already. Try again in a moment`, options);
  }
}

/** The bytes don't decode to an image. */
export class PhotoUndecodableError extends DomainError {
  readonly code = 'PHOTO_UNREADABLE';
}

/** The bytes are no network that this engine can run. */
export class ModelUnusableError extends DomainError {
  readonly code = 'MODEL_FILES_INVALID';
}
