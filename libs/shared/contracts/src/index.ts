export * from './message.js';
export * from './messages.js';
export * from './recognition.js';
