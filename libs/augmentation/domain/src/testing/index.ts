export * from './in-memory-augmentations.js';
export * from './in-memory-inbox.js';
export * from './walk-augmentation.js';
