export * from './all-servers.js';
export * from './fault-proxy.js';
export * from './free-ports.js';
export * from './postgres-server.js';
export * from './rabbit-server.js';
export * from './redis-server.js';
export * from './s3-server.js';
export type { TestServer } from './server-process.js';
