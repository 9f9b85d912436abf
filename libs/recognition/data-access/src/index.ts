export * from './clients/index.js';
export * from './persistence/index.js';
