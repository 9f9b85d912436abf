import { withDeadline } from '@repo/kernel';
import type { DataSource } from 'typeorm';
import { translateDatabaseErrors } from './database-errors.js';

abstract class Database {
  /** Tells the databases apart for the compiler too. */
  abstract readonly holds: 'collection' | 'learning';

  constructor(readonly source: DataSource) {}

  /** A round trip. Throws TemporaryError when the database does not answer in time. */
  async check(timeoutMs = 2_000): Promise<void> {
    await translateDatabaseErrors(() => withDeadline(`The ${this.holds} database`, timeoutMs, this.source.query('SELECT 1')));
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) {
      await this.source.destroy();
    }
  }
}

/** Items, photos, categories, users, the model registry: PostgreSQL or SQL Server. */
export class CollectionDatabase extends Database {
  readonly holds = 'collection';
}

/** Variants, vectors, trainings: always PostgreSQL. */
export class LearningDatabase extends Database {
  readonly holds = 'learning';
}
