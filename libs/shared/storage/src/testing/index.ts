export * from './in-memory-object-store.js';
export * from './object-store-suite.js';
export * from './s3-fault-proxy.js';
