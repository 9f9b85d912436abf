export * from './dead-letter.repository.js';
export * from './error-cursor.js';
export * from './error-log.repository.js';
export * from './group-reasons.js';
export * from './judge-sent-message.js';
export * from './letter.js';
export * from './operations-errors.js';
export * from './sent-message-log.js';
