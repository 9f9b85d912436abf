export * from './connect-message-bus.js';
