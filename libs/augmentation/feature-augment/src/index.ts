export * from './augment-photo.handler.js';
export * from './augment.module.js';
export * from './leftovers.sweeper.js';
export * from './remove-photo.handler.js';
