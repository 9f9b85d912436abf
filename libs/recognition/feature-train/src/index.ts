export * from './train.module.js';
export * from './training-scheduler.js';
export * from './training-settings.js';
