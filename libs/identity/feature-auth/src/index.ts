export * from './auth.module.js';
export * from './auth-settings.js';
