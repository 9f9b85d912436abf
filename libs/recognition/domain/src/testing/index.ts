export * from './in-memory-model-registry.js';
export * from './in-memory-training-runs.js';
export * from './walk-training.js';
