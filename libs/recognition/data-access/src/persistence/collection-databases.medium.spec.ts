import { CollectionDatabase, columnTypes } from '@repo/database';
import { openScratchDatabase, openScratchMssql, schemaStatements } from '@repo/database/testing';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import {
  defaultGateRules,
  ModelNotActivatableError,
  ModelNotFoundError,
  newModelVersion,
  promoteModel,
  type ModelMetricsStore,
  type ModelVersion,
  type Scorecard,
} from '@repo/recognition-domain';
import { Table, type TableColumnOptions } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqlClassificationLog } from './sql-classification-log.js';
import { SqlModelRegistry } from './sql-model-registry.js';
import { SqlPhotoCatalogue } from './sql-photo-catalogue.js';
import { collectionEntities, collectionMigrations } from './tables.js';

/** The SQL Server on which this runs where one is named, as CI does; else it is PostgreSQL. */
const sqlServerUrl = process.env['TEST_MSSQL_URL'];

let database: CollectionDatabase;
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const query = <Row>(sql: string, parameters: unknown[] = []) =>
  database.source.query(sqlServerUrl ? sql.replace(/\$(\d+)/g, (_, number: string) => `@${Number(number) - 1}`) : sql, parameters) as Promise<Row[]>;
const insert = (table: string, ...rows: Record<string, unknown>[]) => database.source.createQueryBuilder().insert().into(table, Object.keys(rows[0]!)).values(rows).execute();

beforeAll(async () => {
  const options = { entities: collectionEntities, migrations: collectionMigrations };
  database = new CollectionDatabase(await (sqlServerUrl ? openScratchMssql(sqlServerUrl, options) : openScratchDatabase(options)));
});
afterAll(() => database?.close());

it.skipIf(sqlServerUrl)('makes the tables that the entities describe', async () => {
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
      const [{ count }] = (await query<{ count: number }>(`SELECT CAST(count(*) AS integer) AS "count" FROM "Models" WHERE "state" = 'active'`)) as [{ count: number }];
      expect(count).toBe(1);
    }
  });

  it('lets one of many first versions win', async () => {
    const versions = await Promise.all([registered(), registered(), registered()]);
    await query(`UPDATE "Models" SET "state" = 'retired' WHERE "state" = 'active'`);
    const won = await Promise.all(versions.map((version) => registry().activate(version, undefined, 'race', at(14))));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  describe('while versions are announced', () => {
    const scores = new Map<ModelVersion, number>();
    const scorecard = async (version: ModelVersion): Promise<Scorecard> => {
      const macroF1 = scores.get(version) ?? 0.5;
      return { version, macroF1, testSet: 'same', perClass: ['a', 'b', 'c'].map((label) => ({ label, f1: macroF1, support: 10 })) };
    };
    const announce = (version: ModelVersion) => promoteModel(version, { registry: registry(), metrics: { scorecard } as ModelMetricsStore, clock: { now: () => new Date() }, rules: defaultGateRules });
    const newVersions = (...macroF1: number[]) =>
      macroF1.map((score) => {
        const version = versionAt(at((second += 1)));
        scores.set(version, score);
        return version;
      });

    it('has one active at any moment, never an older one than before, however often and in whatever order they come', async () => {
      for (let round = 0; round < 5; round += 1) {
        const versions = newVersions(0.8, 0.8, 0.8);
        const [first, middle, last] = versions as [ModelVersion, ModelVersion, ModelVersion];
        let isOver = false;
        const served: ModelVersion[] = [];
        const watching = (async () => {
          while (!isOver) {
            const active = await query<{ version: ModelVersion }>(`SELECT "version" FROM "Models" WHERE "state" = 'active'`);
            expect(active.length).toBeLessThanOrEqual(1);
            served.push(...active.map(({ version }) => version));
          }
        })();
        await Promise.all([last, first, middle, last, middle, first].map(announce)); // each of them twice
        isOver = true;
        await watching;
        expect(served).toEqual([...served].sort());
        expect((await registry().active())?.version).toBe(last);
        const states = await Promise.all(versions.map(async (version) => (await registry().get(version)).state));
        expect(states).toEqual(['retired', 'retired', 'active']);
      }
    });

    it('answers a second announcement as it did the first, and changes nothing', async () => {
      const [good, bad, better] = newVersions(0.9, 0.4, 0.91) as [ModelVersion, ModelVersion, ModelVersion];
      const first = [await announce(good), await announce(bad)];
      expect(first.map(({ state }) => state)).toEqual(['active', 'refused']);
      expect([await announce(good), await announce(bad)]).toEqual(first);
      await announce(better);
      const rows = await registry().list();
      await Promise.all([good, bad, better, good, bad, better].map(announce));
      expect(await registry().list()).toEqual(rows);
    });

    it('keeps the reason of what the gate refused, and the version before in charge', async () => {
      const before = (await registry().active())?.version;
      const [worse] = newVersions(0.5) as [ModelVersion];
      await announce(worse);
      expect((await registry().active())?.version).toBe(before);
      expect(await query('SELECT "state", "reason" FROM "Models" WHERE "version" = $1', [worse])).toEqual([{ state: 'refused', reason: expect.stringContaining(`worse than ${before}`) as string }]);
      await expect(registry().activate(worse, before, 'please', at(15))).rejects.toThrow(ModelNotActivatableError);
    });
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
    expect(await Promise.all([candidate, refused, retired, active].map((version) => registry().remove(version)))).toEqual([true, true, true, false]);
    expect(await registry().remove(retired)).toBe(false);
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
    const runner = database.source.createQueryRunner();
    const { column } = columnTypes(runner);
    const create = (name: string, ...columns: TableColumnOptions[]) => runner.createTable(new Table({ name, columns }));
    const text = (name: string) => column(name, 'text', { length: '200' });
    await create('Categoria', column('id', 'uuid'), column('ownerId', 'uuid'), text('nome'), text('nomeNormalizado'));
    await create('Items', column('id', 'uuid'), column('ownerId', 'uuid'), text('nome'), column('categoriaId', 'uuid'));
    await create('Fotos', column('id', 'uuid'), column('itemId', 'uuid'), column('ownerId', 'uuid'), text('caminho'), text('sha256'), column('createdAt', 'datetime'));
    await create('RemovedPhotos', column('photoId', 'uuid'), column('itemId', 'uuid'), column('removedAt', 'datetime'));
    await runner.release();
    await insert('Categoria', { id: coins, ownerId: ana, nome: 'Moedas', nomeNormalizado: 'moedas' }, { id: stamps, ownerId: rui, nome: 'Sêlos', nomeNormalizado: 'selos' });
    await insert(
      'Items',
      { id: coin, ownerId: ana, nome: 'Dobrão', categoriaId: coins },
      { id: stamp, ownerId: rui, nome: 'Olho-de-boi', categoriaId: stamps },
      { id: foreign, ownerId: rui, nome: 'Inverted Jenny', categoriaId: stamps },
    );
    const photos: [PhotoId, ItemId, UserId, number][] = [
      [coinFront, coin, ana, 1],
      [coinBack, coin, ana, 2],
      [stampFront, stamp, rui, 3],
      [foreignFront, foreign, rui, 4],
    ];
    for (const [id, itemId, ownerId, second] of photos) {
      await insert('Fotos', { id, itemId, ownerId, caminho: `item/${itemId}/${id}.jpg`, sha256: `sum-${second}`, createdAt: at(second) });
    }
    await insert('RemovedPhotos', { photoId: newId(), itemId: coin, removedAt: at(1) }, { photoId: coinBack, itemId: coin, removedAt: at(5) });
  });

  it('knows every photo with its class', async () => {
    const photos = await catalogue().labelledPhotos();
    // SQL Server sorts ids by their last bytes first.
    expect(new Map(photos.map(({ photoId, label }) => [photoId, label]))).toEqual(
      new Map([
        [coinFront, 'moedas'],
        [coinBack, 'moedas'],
        [stampFront, 'selos'],
        [foreignFront, 'selos'],
      ]),
    );
    expect(photos.find(({ photoId }) => photoId === coinFront)).toEqual({
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
