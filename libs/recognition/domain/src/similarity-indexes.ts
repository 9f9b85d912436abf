import type { SimilarityIndex } from './similarity-index.js';

/** Makes empty indexes: one for each space of vectors. */
export abstract class SimilarityIndexes {
  abstract create(): SimilarityIndex;
}
