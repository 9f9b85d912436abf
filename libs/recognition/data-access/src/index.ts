export * from './clients/index.js';
export * from './ml/index.js';
export * from './nest/index.js';
export * from './persistence/index.js';
