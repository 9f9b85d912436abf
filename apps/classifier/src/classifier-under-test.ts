import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { CollectionDatabase, openDatabase } from '@repo/database';
import { startDatabaseWithTables } from '@repo/database/testing';
import { prepareHttp } from '@repo/http';
import { collectionEntities, collectionMigrations, learningEntities, learningMigrations, openBackbone, type BackbonePlaces } from '@repo/recognition-data-access';
import { Backbone } from '@repo/recognition-domain';
import { ClassifierUpkeep } from '@repo/recognition-feature-classify';
import { ObjectStore } from '@repo/storage';
import request from 'supertest';
import { classifierConfig } from './classifier-config.js';
import { ClassifierModule } from './classifier.module.js';

export const TOKEN = 'service-token-of-at-least-32-letters';

/** The service as it runs, on real databases and a temporary folder, with the backbone of the places given. */
export class ClassifierUnderTest {
  private constructor(
    readonly app: NestExpressApplication,
    private readonly folder: string,
  ) {}

  static async start(places: BackbonePlaces = {}): Promise<ClassifierUnderTest> {
    const [collectionUrl, learningUrl] = [
      await startDatabaseWithTables({ entities: collectionEntities, migrations: collectionMigrations }),
      await startDatabaseWithTables({ entities: learningEntities, migrations: learningMigrations }),
    ];
    const source = await openDatabase(collectionUrl, { entities: [], migrations: [] });
    // The collection's tables, as far as the classifier reads them.
    await source.query('CREATE TABLE "Categoria" ("id" uuid, "ownerId" uuid, "nome" varchar, "nomeNormalizado" varchar)');
    await source.query('CREATE TABLE "Items" ("id" uuid, "ownerId" uuid, "nome" varchar, "categoriaId" uuid)');
    await source.query('CREATE TABLE "Fotos" ("id" uuid, "itemId" uuid, "ownerId" uuid, "caminho" varchar, "sha256" varchar, "createdAt" timestamptz(3))');
    await source.query('CREATE TABLE "RemovedPhotos" ("photoId" uuid, "itemId" uuid, "removedAt" timestamptz(3))');
    await source.destroy();

    const folder = await mkdtemp(path.join(tmpdir(), 'classifier-'));
    const config = classifierConfig.parse({
      COLLECTION_DATABASE_URL: collectionUrl,
      LEARNING_DATABASE_URL: learningUrl,
      OC_SERVICE_TOKEN: TOKEN,
      OC_LINK_SECRET: 'x'.repeat(32),
      OC_DATA_DIR: folder,
      OC_OBJECTS_DIR: path.join(folder, 'objects'),
      OC_MODEL_CACHE_DIR: path.join(folder, 'models'),
      OC_CLASSIFIER_THREADS: 1,
      OC_CLASSIFIER_QUEUE: 8,
    });
    const testing = Test.createTestingModule({ imports: [await ClassifierModule.forRoot(config)] });
    const module = await testing.overrideProvider(Backbone).useFactory({ factory: () => openBackbone(places) }).compile();
    const app = module.createNestApplication<NestExpressApplication>({ logger: false, bodyParser: false });
    prepareHttp(app, { corsOrigins: [] });
    await app.listen(0, '127.0.0.1');
    await app.get(ClassifierUpkeep).firstReady;
    return new ClassifierUnderTest(app, folder);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  get store(): ObjectStore {
    return this.app.get(ObjectStore);
  }

  get(page: string, token?: string): request.Test {
    const asked = request(this.app.getHttpServer()).get(page);
    return token === undefined ? asked : asked.set('Authorization', `Bearer ${token}`);
  }

  ask(body: object, token = TOKEN): request.Test {
    return request(this.app.getHttpServer()).post('/classify').set('Authorization', `Bearer ${token}`).send(body);
  }

  /** Of the collection database. */
  query(sql: string, parameters: unknown[]): Promise<unknown[]> {
    return this.app.get(CollectionDatabase).source.query(sql, parameters) as Promise<unknown[]>;
  }
}
