export * from './message.js';
export * from './messages.js';
