export { collectionProviders } from './providers.js';
export { collectionEntities, collectionMigrations } from './tables.js';
