export { ProcessPool, type Answered, type ProcessPoolOptions } from './process-pool.js';
export { ProcessEndedError } from './worker-process.js';
