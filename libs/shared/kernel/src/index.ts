export * from './built-file.js';
export * from './clock.js';
export * from './crash-point.js';
export * from './deadline.js';
export * from './errors.js';
export * from './ids.js';
export * from './outcome.js';
export * from './seeded-random.js';
