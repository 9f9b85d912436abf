export * from './draw-sample.js';
export type { Setting } from './setting.js';
