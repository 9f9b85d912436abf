export * from './sql-augmentation.repository.js';
export * from './sql-inbox.js';
export * from './tables.js';
