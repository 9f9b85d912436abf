export { RedisCache } from './redis-cache.js';
