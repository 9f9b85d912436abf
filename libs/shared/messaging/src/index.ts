export * from './dead-letter.js';
export * from './handles.decorator.js';
export * from './message-bus.js';
export * from './messaging.module.js';
export * from './outbox-relay.js';
export * from './outbox-store.js';
export * from './retry-policy.js';
