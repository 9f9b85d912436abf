export * from './draw-sample.js';
