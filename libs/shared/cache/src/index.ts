export * from './cache.js';
export * from './cached-reads.js';
