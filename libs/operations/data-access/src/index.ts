export { operationsProviders } from './providers.js';
export { operationsEntities, operationsMigrations } from './tables.js';
