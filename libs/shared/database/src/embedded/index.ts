export { DirectoryInUseError, DirectoryLock } from './directory-lock.js';
export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
