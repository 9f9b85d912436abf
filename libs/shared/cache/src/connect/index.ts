export * from './connect-cache.js';
