export * from './access.js';
export * from './access.guard.js';
export * from './http-errors.js';
export * from './http-settings.js';
export * from './http-status.js';
export * from './idempotency.store.js';
