import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CollectionDatabase, openDatabase, runMigrations, type DatabaseOptions } from '@repo/database';
import { startScratchDatabase } from '@repo/database/testing';
import { hashPassword, UserRepository, type Role } from '@repo/identity-domain';
import { newId, type UserId } from '@repo/kernel';
import { MessageBus } from '@repo/messaging';
import { ObjectStore, type Bucket } from '@repo/storage';
import request, { type Test } from 'supertest';
import { backendConfig, type BackendConfig } from './backend-config.js';
import { createBackend } from './create-backend.js';
import { collectionTables, learningTables } from './databases.module.js';

export const SERVICE_TOKEN = 'service-token-of-at-least-32-letters';
export const JWT_SECRET = 'jwt-secret-of-at-least-32-letters-long';
const PASSWORD = 'a password for tests';

export interface Person {
  readonly id: UserId;
  readonly email: string;
  readonly headers: { readonly Authorization: string };
}

/** The whole backend on a real PostgreSQL and a temporary folder, with nobody to classify. */
export class BackendUnderTest {
  private constructor(
    readonly app: NestExpressApplication,
    private readonly folder: string,
  ) {}

  static async start(changes: Partial<Record<keyof BackendConfig, string>> = {}): Promise<BackendUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'backend-'));
    const learning = changes.LEARNING_DATABASE_URL ?? (await scratchDatabase(learningTables));
    const config = backendConfig.parse({
      COLLECTION_DATABASE_URL: changes.COLLECTION_DATABASE_URL ?? (await scratchDatabase(collectionTables)),
      LEARNING_DATABASE_URL: learning,
      MESSAGES_URL: learning,
      OC_OBJECTS_DIR: path.join(folder, 'objects'),
      OC_LINK_SECRET: 'link-secret-of-at-least-32-letters-long',
      OC_SERVICE_TOKEN: SERVICE_TOKEN,
      OC_JWT_SECRET: JWT_SECRET,
      OC_CLASSIFIER_URL: 'http://127.0.0.1:9', // the discard port: nobody answers
      ...changes,
    });
    const app = await createBackend(config, false);
    await app.listen(0, '127.0.0.1');
    return new BackendUnderTest(app, folder);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  call(method: 'get' | 'post' | 'put' | 'delete', route: string, person?: Pick<Person, 'headers'>): Test {
    return request(this.app.getHttpServer())[method](route).set(person?.headers ?? {});
  }

  /** Somebody with an account, signed in. */
  async person(name: string, role: Role = 'user'): Promise<Person> {
    const email = `${name}@example.org`;
    const passwordHash = await hashPassword(PASSWORD);
    const { id } = await this.app.get(UserRepository).save({ id: newId(), provider: 'local', externalId: email, email, name, role, passwordHash });
    const { body } = await this.call('post', '/api/auth/login').send({ email, password: PASSWORD }).expect(200);
    return { id, email, headers: { Authorization: `Bearer ${body.token}` } };
  }

  createItem(person: Person, photos: readonly Buffer[], fields: Record<string, string> = { nome: 'moeda', categoria: 'Moedas' }): Test {
    const form = this.call('post', '/api/Items', person);
    Object.entries(fields).forEach(([name, value]) => void form.field(name, value));
    photos.forEach((photo, index) => void form.attach('foto', photo, `${index}.jpg`));
    return form;
  }

  /** Of the collection database. */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.app.get(CollectionDatabase).source.query(sql, parameters) as Promise<Row[]>;
  }

  /** Rows of a table of the collection database. */
  async count(table: string, where = 'true'): Promise<number> {
    const [row] = await this.query<{ n: number }>(`SELECT count(*)::int AS n FROM "${table}" WHERE ${where}`);
    return row!.n;
  }

  /** How many messages wait in a queue, once all that was written before has been published. */
  async waiting(queue: string): Promise<number> {
    while ((await this.count('Outbox', '"sentAt" IS NULL')) > 0) {
      await sleep(20);
    }
    return (await this.app.get(MessageBus).depth(queue)).waiting;
  }

  async keys(bucket: Bucket): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.app.get(ObjectStore).list(bucket, '')) {
      keys.push(key);
    }
    return keys;
  }

  /** Everything that an upload could leave behind. */
  async traces(): Promise<Record<string, number>> {
    const tables = ['Items', 'Fotos', 'Categoria', 'Outbox', 'IdempotencyKeys'];
    const rows = await Promise.all(tables.map(async (table) => [table, await this.count(table)] as const));
    return { ...Object.fromEntries(rows), objects: (await this.keys('original')).length };
  }
}

async function scratchDatabase(tables: DatabaseOptions): Promise<string> {
  const { url } = await startScratchDatabase();
  return migrated(url, tables);
}

/** Makes the tables; answers the URL. */
export async function migrated(url: string, tables: DatabaseOptions): Promise<string> {
  const source = await openDatabase(url, tables);
  await runMigrations(source);
  await source.destroy();
  return url;
}
