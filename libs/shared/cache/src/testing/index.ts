export * from './cache-suite.js';
