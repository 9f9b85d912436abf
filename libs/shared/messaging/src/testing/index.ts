export * from './in-memory-message-bus.js';
export * from './message-bus-suite.js';
export * from './suite-command.js';
export * from './suite-consumer.js';
