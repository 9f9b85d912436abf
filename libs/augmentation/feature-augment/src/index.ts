export * from './augment.module.js';
