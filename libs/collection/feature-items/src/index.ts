export * from './items.module.js';
