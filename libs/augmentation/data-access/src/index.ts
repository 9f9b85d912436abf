export * from './rendering/image-process-pool.js';
