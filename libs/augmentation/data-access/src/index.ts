export * from './persistence/index.js';
export * from './rendering/image-process-pool.js';
