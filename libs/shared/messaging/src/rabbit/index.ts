export * from './rabbit-message-bus.js';
export { QueueMismatchError } from './topology.js';
