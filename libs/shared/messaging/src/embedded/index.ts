export * from './pg-boss-message-bus.js';
