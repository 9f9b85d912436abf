import { CollectionDatabase, openDatabase, runMigrations } from '@repo/database';
import { schemaStatements, startScratchDatabase } from '@repo/database/testing';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { ModelNotActivatableError, ModelNotFoundError, newModelVersion, type ModelVersion } from '@repo/recognition-domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqlClassificationLog } from './sql-classification-log.js';
import { SqlModelRegistry } from './sql-model-registry.js';
import { SqlPhotoCatalogue } from './sql-photo-catalogue.js';
import { collectionEntities, collectionMigrations } from './tables.js';

let database: CollectionDatabase;
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const query = <Row>(sql: string, parameters: unknown[] = []) => database.source.query(sql, parameters) as Promise<Row[]>;

beforeAll(async () => {
  const { url } = await startScratchDatabase();
  database = new CollectionDatabase(await openDatabase(url, { entities: collectionEntities, migrations: collectionMigrations }));
  await runMigrations(database.source);
});
afterAll(() => database?.close());

it('makes the tables that the entities describe', async () => {
  expect(await schemaStatements(database.source)).toEqual([]);
});

describe('the registry of models', () => {
  let second = 0;
  const versionAt = (time: Date) => newModelVersion(time, newId());
  const registry = () => new SqlModelRegistry(database);
  async function registered(): Promise<ModelVersion> {
    const version = versionAt(at((second += 1)));
    await registry().register(version, at(second));
    return version;
  }

  it('keeps a version once, in the state it has', async () => {
    const version = await registered();
    expect(await registry().register(version, at(59))).toEqual({
      version,
      state: 'candidate',
      createdAt: at(second),
      activatedAt: undefined,
      path: `models/${version}`,
      embeddings: `models/${version}/embeddings.faiss`,
      reason: undefined,
    });
  });

  it('swaps the active version', async () => {
    const [first, next] = [await registered(), await registered()];
    const before = (await registry().active())?.version;
    expect(await registry().activate(first, before, 'first', at(10))).toBe(true);
    expect(await registry().activate(next, first, 'better', at(11))).toBe(true);
    expect(await registry().active()).toMatchObject({ version: next, state: 'active', activatedAt: at(11), reason: 'better' });
    expect(await registry().get(first)).toMatchObject({ state: 'retired' });
  });

  it('changes nothing when another version became active meanwhile', async () => {
    const version = await registered();
    const active = (await registry().active())?.version;
    expect(await registry().activate(version, versionAt(at(0)), 'late', at(12))).toBe(false);
    expect(await registry().activate(version, undefined, 'late', at(12))).toBe(false);
    expect((await registry().active())?.version).toBe(active);
    expect(await registry().get(version)).toMatchObject({ state: 'candidate' });
  });

  it('lets one of many win, whatever the order', async () => {
    for (let round = 0; round < 10; round += 1) {
      const versions = await Promise.all([registered(), registered(), registered(), registered()]);
      const active = (await registry().active())?.version;
      const won = await Promise.all(versions.map((version) => registry().activate(version, active, 'race', at(13))));
      expect(won.filter(Boolean)).toHaveLength(1);
      const [{ count }] = (await query<{ count: number }>(`SELECT count(*)::integer AS count FROM "Models" WHERE "state" = 'active'`)) as [{ count: number }];
      expect(count).toBe(1);
    }
  });

  it('lets one of many first versions win', async () => {
    const versions = await Promise.all([registered(), registered(), registered()]);
    await query(`UPDATE "Models" SET "state" = 'retired' WHERE "state" = 'active'`);
    const won = await Promise.all(versions.map((version) => registry().activate(version, undefined, 'race', at(14))));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('never activates what was refused, and refuses only candidates', async () => {
    const active = (await registry().active())?.version as ModelVersion;
    const version = await registered();
    await registry().turnDown(version, 'refused', 'worse');
    await registry().turnDown(active, 'refused', 'worse');
    await expect(registry().activate(version, active, 'please', at(15))).rejects.toThrow(ModelNotActivatableError);
    expect((await registry().active())?.version).toBe(active);
    expect(await registry().get(version)).toMatchObject({ state: 'refused', reason: 'worse' });
  });

  it('removes what does not serve, for good', async () => {
    const active = (await registry().active())?.version as ModelVersion;
    const [candidate, refused, retired] = [await registered(), await registered(), await registered()];
    await registry().turnDown(refused, 'refused', 'worse');
    await registry().turnDown(retired, 'retired', 'late');
    expect(await Promise.all([candidate, refused, retired, active, retired].map((version) => registry().remove(version)))).toEqual([true, true, true, false, expect.any(Boolean)]);
    expect(await registry().get(retired)).toMatchObject({ state: 'removed', reason: 'late' });
    await expect(registry().activate(retired, active, 'please', at(16))).rejects.toThrow(ModelNotActivatableError);
    expect(await registry().remove(versionAt(at(0)))).toBe(false);
    expect((await registry().active())?.version).toBe(active);
  });

  it('either activates a version or removes it, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [version, active] = [await registered(), (await registry().active())?.version];
      const [activated, removed] = await Promise.all([registry().activate(version, active, 'race', at(17)).catch(() => false), registry().remove(version)]);
      expect([activated, removed].filter(Boolean)).toHaveLength(1);
      expect((await registry().get(version)).state).toBe(removed ? 'removed' : 'active');
    }
  });

  it('lists the newest first, and knows no others', async () => {
    const versions = (await registry().list()).map(({ version }) => version);
    expect([...versions].sort().reverse()).toEqual(versions);
    await expect(registry().get(versionAt(at(0)))).rejects.toThrow(ModelNotFoundError);
  });
});

describe('the log of classifications', () => {
  const log = () => new SqlClassificationLog(database);
  const ownerId = newId<UserId>();

  it('keeps the answer and marks the upload', async () => {
    await log().uploaded('uploads/a.jpg', at(1));
    await log().uploaded('uploads/b.jpg', at(2));
    await log().classified({ ownerId, imagePath: 'uploads/a.jpg', classe: 'Selos', confidence: 0.92, known: true, modelVersion: 'v1', at: at(3) });
    expect(await query('SELECT "path", "classified" FROM "TemporaryUpload" ORDER BY "path"')).toEqual([
      { path: 'uploads/a.jpg', classified: true },
      { path: 'uploads/b.jpg', classified: false },
    ]);
    expect(await query('SELECT "userId", "imagePath", "classe", "confianca", "conhecido", "modelVersion", "timestamp" FROM "Classifications"')).toEqual([
      { userId: ownerId, imagePath: 'uploads/a.jpg', classe: 'Selos', confianca: 0.92, conhecido: true, modelVersion: 'v1', timestamp: at(3) },
    ]);
  });

  it('forgets old uploads alone', async () => {
    expect(await log().purgeUploads(at(2))).toBe(1);
    expect(await query('SELECT "path" FROM "TemporaryUpload"')).toEqual([{ path: 'uploads/b.jpg' }]);
  });
});

describe('the catalogue of photos', () => {
  const [ana, rui] = [newId<UserId>(), newId<UserId>()];
  const [coins, stamps] = [newId(), newId()];
  const [coin, stamp, foreign] = [newId<ItemId>(), newId<ItemId>(), newId<ItemId>()];
  const [coinFront, coinBack, stampFront, foreignFront] = [newId<PhotoId>(), newId<PhotoId>(), newId<PhotoId>(), newId<PhotoId>()];
  const catalogue = () => new SqlPhotoCatalogue(database);

  beforeAll(async () => {
    // The collection's tables, as far as the catalogue reads them.
    await query('CREATE TABLE "Categoria" ("id" uuid, "ownerId" uuid, "nome" varchar, "nomeNormalizado" varchar)');
    await query('CREATE TABLE "Items" ("id" uuid, "ownerId" uuid, "nome" varchar, "categoriaId" uuid)');
    await query('CREATE TABLE "Fotos" ("id" uuid, "itemId" uuid, "ownerId" uuid, "caminho" varchar, "sha256" varchar, "createdAt" timestamptz(3))');
    await query('CREATE TABLE "RemovedPhotos" ("photoId" uuid, "itemId" uuid, "removedAt" timestamptz(3))');
    await query('INSERT INTO "Categoria" VALUES ($1, $3, \'Moedas\', \'moedas\'), ($2, $4, \'Sêlos\', \'selos\')', [coins, stamps, ana, rui]);
    await query('INSERT INTO "Items" VALUES ($1, $2, \'Dobrão\', $3)', [coin, ana, coins]);
    await query('INSERT INTO "Items" VALUES ($1, $2, \'Olho-de-boi\', $3), ($4, $2, \'Inverted Jenny\', $3)', [stamp, rui, stamps, foreign]);
    const photos: [PhotoId, ItemId, UserId, number][] = [
      [coinFront, coin, ana, 1],
      [coinBack, coin, ana, 2],
      [stampFront, stamp, rui, 3],
      [foreignFront, foreign, rui, 4],
    ];
    for (const [id, itemId, ownerId, second] of photos) {
      await query('INSERT INTO "Fotos" VALUES ($1, $2, $3, $4, $5, $6)', [id, itemId, ownerId, `item/${itemId}/${id}.jpg`, `sum-${second}`, at(second)]);
    }
    await query('INSERT INTO "RemovedPhotos" VALUES ($1, $2, $3), ($4, $2, $5)', [newId(), coin, at(1), coinBack, at(5)]);
  });

  it('knows every photo with its class', async () => {
    const photos = await catalogue().labelledPhotos();
    expect(photos.map(({ photoId, label }) => [photoId, label])).toEqual([
      [coinFront, 'moedas'],
      [coinBack, 'moedas'],
      [stampFront, 'selos'],
      [foreignFront, 'selos'],
    ]);
    expect(photos[0]).toEqual({
      photoId: coinFront,
      itemId: coin,
      ownerId: ana,
      objectKey: `item/${coin}/${coinFront}.jpg`,
      sha256: 'sum-1',
      createdAt: at(1),
      label: 'moedas',
    });
  });

  it('finds what came since, the instant itself included', async () => {
    expect((await catalogue().photosSince(at(2), 10)).map(({ photoId }) => photoId)).toEqual([coinBack, stampFront, foreignFront]);
    expect((await catalogue().photosSince(at(2), 2)).map(({ photoId }) => photoId)).toEqual([coinBack, stampFront]);
    expect(await catalogue().photosSince(at(9), 10)).toEqual([]);
  });

  it('finds photos by id, many at once', async () => {
    const ids = [...Array.from({ length: 2_500 }, () => newId<PhotoId>()), stampFront];
    expect((await catalogue().photos(ids)).map(({ photoId }) => photoId)).toEqual([stampFront]);
    expect(await catalogue().photos([])).toEqual([]);
    expect((await catalogue().photoIds()).sort()).toEqual([coinFront, coinBack, stampFront, foreignFront].sort());
    expect(await catalogue().photoIdsUntil(at(2))).toEqual([coinFront, coinBack]);
  });

  it('knows when something changed last', async () => {
    expect(await catalogue().newestChange()).toEqual({ storedAt: at(4), removedAt: at(5) });
  });

  it('finds what was removed since', async () => {
    expect(await catalogue().removedSince(at(2))).toEqual([{ photoId: coinBack, removedAt: at(5) }]);
  });

  it('names an owner\'s photos and categories, nobody else\'s', async () => {
    expect(await catalogue().named(ana, [coinBack, stampFront])).toEqual([
      { photoId: coinBack, itemId: coin, objectKey: `item/${coin}/${coinBack}.jpg`, name: 'Dobrão', category: 'Moedas' },
    ]);
    expect(await catalogue().named(ana, [])).toEqual([]);
    expect(await catalogue().categories(rui)).toEqual([{ name: 'Sêlos', label: 'selos' }]);
  });
});
