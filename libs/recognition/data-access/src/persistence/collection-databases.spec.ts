import { CollectionDatabase } from '@repo/database';
import { captureMssql, migrationStatements, mssqlTraps, schemaStatements, type CapturedMssql } from '@repo/database/testing';
import { newId, type PhotoId, type UserId } from '@repo/kernel';
import { newModelVersion } from '@repo/recognition-domain';
import { beforeAll, expect, it } from 'vitest';
import { SqlClassificationLog } from './sql-classification-log.js';
import { SqlModelRegistry } from './sql-model-registry.js';
import { SqlPhotoCatalogue } from './sql-photo-catalogue.js';
import { collectionEntities, collectionMigrations } from './tables.js';

let server: CapturedMssql;
let database: CollectionDatabase;
const now = new Date('2026-01-01T12:00:00.123Z');
const [version, before] = [newModelVersion(now, newId()), newModelVersion(now, newId())];
const ownerId = newId<UserId>();

beforeAll(async () => {
  server = await captureMssql(collectionEntities, collectionMigrations);
  database = new CollectionDatabase(server.source);
});

it('makes on SQL Server the tables that the entities describe', async () => {
  expect(new Set(await migrationStatements(server.source))).toEqual(new Set(await schemaStatements(server.source)));
});

it.each<[string, () => Promise<unknown>]>([
  ['registering a version', () => new SqlModelRegistry(database).register(version, now)],
  ['listing versions', () => new SqlModelRegistry(database).list()],
  ['the active version', () => new SqlModelRegistry(database).active()],
  ['activating a version', () => new SqlModelRegistry(database).activate(version, before, 'better', now)],
  ['activating the first version', () => new SqlModelRegistry(database).activate(version, undefined, 'first', now)],
  ['turning a version down', () => new SqlModelRegistry(database).turnDown(version, 'refused', 'worse')],
  ['removing a version', () => new SqlModelRegistry(database).remove(version)],
  ['an upload', () => new SqlClassificationLog(database).uploaded('uploads/a.jpg', now)],
  [
    'a classification',
    () => new SqlClassificationLog(database).classified({ ownerId, imagePath: 'a', classe: 'b', confidence: 0.5, known: false, modelVersion: undefined, at: now }),
  ],
  ['forgetting uploads', () => new SqlClassificationLog(database).purgeUploads(now)],
  ['photos with classes', () => new SqlPhotoCatalogue(database).labelledPhotos()],
  ['photos since', () => new SqlPhotoCatalogue(database).photosSince(now, 100)],
  ['photos by id', () => new SqlPhotoCatalogue(database).photos(Array.from({ length: 3_000 }, () => newId<PhotoId>()))],
  ['the newest change', () => new SqlPhotoCatalogue(database).newestChange()],
  ['all photo ids', () => new SqlPhotoCatalogue(database).photoIds()],
  ['photo ids until', () => new SqlPhotoCatalogue(database).photoIdsUntil(now)],
  ['removed photos', () => new SqlPhotoCatalogue(database).removedSince(now)],
  ['photos with names', () => new SqlPhotoCatalogue(database).named(ownerId, [newId<PhotoId>()])],
  ['categories', () => new SqlPhotoCatalogue(database).categories(ownerId)],
])('speaks SQL Server\'s language for %s', async (_, work) => {
  server.clear();
  server.answerWith((sql) => (/FROM "Models"/.test(sql) ? [{ ModelRow_version: version, ModelRow_state: 'candidate' }] : undefined));
  await work();
  expect(server.statements.length).toBeGreaterThan(0);
  expect(server.statements.flatMap((statement) => mssqlTraps(statement).map((trap) => `${trap}: ${statement.sql}`))).toEqual([]);
});
