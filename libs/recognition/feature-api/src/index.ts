export * from './recognition-api.module.js';
export * from './recognition-settings.js';
