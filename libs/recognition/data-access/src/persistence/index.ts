export * from './augmented-variants.repository.js';
export * from './classification-log.repository.js';
export * from './embedding.repository.js';
export * from './model-metrics.repository.js';
export * from './model-registry.repository.js';
export * from './photo-catalogue.repository.js';
export * from './tables.js';
export * from './training-runs.repository.js';
