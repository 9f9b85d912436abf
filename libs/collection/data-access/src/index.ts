export { collectionProviders } from './providers.js';
export { SqlCategoryRepository } from './sql-category.repository.js';
export { SqlErrorLogRepository } from './sql-error-log.repository.js';
export { SqlIdempotencyStore } from './sql-idempotency.store.js';
export { SqlItemRepository } from './sql-item.repository.js';
export { SqlOutboxStore, type OutboxBacklog } from './sql-outbox.store.js';
export { SqlPhotoRegister } from './sql-photo-register.js';
export { collectionEntities, collectionMigrations } from './tables.js';
