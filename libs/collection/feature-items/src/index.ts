export * from './collection-upkeep.service.js';
export * from './items.module.js';
