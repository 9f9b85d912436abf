export * from './augment.module.js';
export * from './augment-photo.handler.js';
export * from './leftovers.sweeper.js';
export * from './photo-augmenter.js';
export * from './remove-photo.handler.js';
export * from './variant-store.js';
