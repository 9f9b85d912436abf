import pg from 'pg';
import { objectsOf, type ObjectsUnderTest } from './objects-under-test.js';
import type { ServersUnderTest } from './servers-under-test.js';

/** Both databases and the store of a platform under test, looked at from outside. */
export class PlatformData {
  private constructor(
    private readonly collectionPool: pg.Pool,
    private readonly learningPool: pg.Pool,
    readonly objects: ObjectsUnderTest,
  ) {}

  static of(servers: ServersUnderTest): PlatformData {
    const open = (database: string) => {
      const pool = new pg.Pool({ connectionString: servers.postgres.urlOf(database), max: 2 });
      pool.on('error', () => {}); // the server is stopped in the middle of some tests
      return pool;
    };
    return new PlatformData(open('collection'), open('learning'), objectsOf(servers));
  }

  /** Rows of a statement over the collection's tables. */
  async collection<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.collectionPool.query<Row>(sql, parameters)).rows;
  }

  /** Rows of a statement over the tables of variants and trainings. */
  async learning<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.learningPool.query<Row>(sql, parameters)).rows;
  }

  /** How many of these photos have their variants. */
  async augmented(photoIds: readonly string[]): Promise<number> {
    const [row] = await this.learning<{ count: number }>(`SELECT count(*)::int AS count FROM augmentation_jobs WHERE status = 'success' AND photo_id = ANY ($1::uuid[])`, [photoIds]);
    return row!.count;
  }

  /** How many photos have their variants. */
  async augmentedInAll(): Promise<number> {
    const [row] = await this.learning<{ count: number }>(`SELECT count(*)::int AS count FROM augmentation_jobs WHERE status = 'success'`);
    return row!.count;
  }

  /** Photos whose message was given up and waits for a person. */
  async givenUp(): Promise<string[]> {
    const rows = await this.collection<{ photoId: string }>(`SELECT "fotoId" AS "photoId" FROM "DeadLetters" WHERE state = 'open' AND queue = 'ImageAugmentations'`);
    return rows.map(({ photoId }) => photoId);
  }

  /** Rows of the outbox that no relay has sent. */
  async unsent(): Promise<number> {
    const [row] = await this.collection<{ count: number }>('SELECT count(*)::int AS count FROM "Outbox" WHERE "sentAt" IS NULL');
    return row!.count;
  }

  async close(): Promise<void> {
    await Promise.all([this.collectionPool.end(), this.learningPool.end()]);
  }
}
