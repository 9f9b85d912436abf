export * from './dead-letter-watcher.js';
export * from './operations-settings.js';
export * from './operations.module.js';
export * from './reconciler.js';
