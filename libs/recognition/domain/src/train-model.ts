import type { ItemId, PhotoId } from '@repo/kernel';
import type { EpochReport, TrainedHead } from './head-training.js';

/** A photo with a category, and what was made from it. */
export interface TrainingPhoto {
  readonly photoId: PhotoId;
  /** Photos of one item are never split between training and test. */
  readonly itemId: ItemId;
  /** The class: the normalised category name. */
  readonly label: string;
  readonly embedding: Float32Array;
  /** Embeddings of the photo's variants; they only ever train. */
  readonly variants: readonly Float32Array[];
}

export interface TrainingParameters {
  readonly seed: number;
  readonly maxEpochs: number;
  readonly patience: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly labelSmoothing: number;
  readonly weightDecay: number;
}

export interface ClassReport {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Test photos of this class. */
  readonly support: number;
}

export interface TrainingMetrics {
  /** On the test photos: originals of items that trained nothing. */
  readonly accuracy: number;
  readonly loss: number;
  readonly macroF1: number;
  /** Expected calibration error over 15 bins, 0 to 1. */
  readonly ece: number;
  readonly valAccuracy: number;
  readonly valLoss: number;
  readonly perClass: readonly ClassReport[];
  /** Rows: true class, columns: predicted; both in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
  readonly temperature: number;
}

export interface TrainingLineage {
  readonly backend: string;
  readonly parameters: TrainingParameters;
  /** Photos in each part of the split. */
  readonly photos: { readonly train: number; readonly validation: number; readonly test: number };
  readonly items: number;
  readonly variants: number;
  readonly bestEpoch: number;
  /** True when the head was fitted again on every photo with the chosen number of epochs. */
  readonly refitted: boolean;
  readonly durationMs: number;
}

export type RefusalCode = 'TOO_FEW_CATEGORIES' | 'TOO_FEW_PHOTOS' | 'TOO_FEW_ITEMS';

export interface Refusal {
  readonly code: RefusalCode;
  /** Says which categories and how many photos are missing. */
  readonly message: string;
}

export type TrainingReport =
  | {
      readonly outcome: 'trained';
      readonly head: TrainedHead;
      readonly metrics: TrainingMetrics;
      readonly lineage: TrainingLineage;
      readonly history: readonly EpochReport[];
      /** The photos that `metrics` are about: models examined on the same ones can be compared as they are. */
      readonly testPhotos: readonly Pick<TrainingPhoto, 'photoId' | 'label'>[];
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export interface TrainingHooks {
  readonly onEpoch?: (epoch: EpochReport) => void;
  /** Aborting ends the training with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Fits, calibrates and measures a head somewhere off the event loop. */
export abstract class ModelTrainer {
  abstract train(photos: readonly TrainingPhoto[], parameters: TrainingParameters, hooks?: TrainingHooks): Promise<TrainingReport>;
}
