export * from './errors.js';
export * from './object-key.js';
export * from './object-store.js';
export * from './remove-if-older.js';
