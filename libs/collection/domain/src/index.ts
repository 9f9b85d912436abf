export * from './category.js';
export * from './category.repository.js';
export * from './collection-errors.js';
export * from './error-log.repository.js';
export * from './item.js';
export * from './item-cursor.js';
export * from './item.repository.js';
export * from './outbox-message.js';
