export { QueueMismatchError } from './errors.js';
export * from './rabbit-message-bus.js';
