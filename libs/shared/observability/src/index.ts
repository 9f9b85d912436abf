export * from './error-reporter.js';
export * from './health-check.js';
export * from './health.module.js';
export * from './json-logger.js';
export * from './metrics.controller.js';
export * from './metrics.js';
export * from './open-to-all.js';
export * from './trace-context.js';
