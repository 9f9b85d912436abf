export * from './classifier-settings.js';
export * from './classifier-upkeep.js';
export * from './classify.module.js';
