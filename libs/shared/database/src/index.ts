export * from './column-types.js';
export * from './database-errors.js';
export * from './databases.js';
export * from './instant.js';
export * from './open-database.js';
export { PortableColumn } from './portable-column.js';
export * from './run-migrations.js';
export * from './transaction.js';
