export * from './defaults.js';
export * from './read-environment.js';
export * from './schemas.js';
