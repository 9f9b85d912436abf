export * from './head-training.js';
export * from './inference.js';
export * from './model-files.js';
export * from './similarity-index.js';
export * from './train-model.js';
