import { CollectionDatabase } from '@repo/database';
import { captureMssql, mssqlTraps, type CapturedMssql } from '@repo/database/testing';
import { newId, type CategoryId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { beforeAll, expect, it } from 'vitest';
import { newItem, newPhoto, oneMessageEach, TickingClock } from './new-item.fixture.js';
import { SqlCategoryRepository } from './sql-category.repository.js';
import { SqlIdempotencyStore } from './sql-idempotency.store.js';
import { SqlItemRepository } from './sql-item.repository.js';
import { SqlOutboxStore } from './sql-outbox.store.js';
import { SqlPhotoRegister } from './sql-photo-register.js';
import { collectionEntities } from './tables.js';

/** What a call sends; tables named in `empty` answer as if they had no rows. */
type Case = [call: () => Promise<unknown>, sends: string, empty?: readonly string[]];
/** Every public method, so that a new one without a call here does not compile. */
type Calls<Repository> = { [Method in keyof Repository]: Case };

const owner = newId<UserId>();
const itemId = newId<ItemId>();
const photoId = newId<PhotoId>();
const otherPhotoId = newId<PhotoId>();
const categoryId = newId<CategoryId>();
const clock = new TickingClock();
const longAgo = new Date('2026-02-01T00:00:00.000Z');

/** What the tables would hold, by table and column. */
const held: Record<string, Record<string, unknown>[]> = {
  Categoria: [{ id: categoryId, ownerId: owner, nome: 'Moedas', nomeNormalizado: 'moedas', settings: '{}', createdAt: longAgo }],
  Items: [{ id: itemId, ownerId: owner, nome: 'Dobrão', descricao: null, categoriaId: categoryId, createdAt: longAgo }],
  Fotos: [photoId, otherPhotoId].map((id) => ({ id, itemId, ownerId: owner, caminho: 'k', sha256: 'x', bytes: 1, largura: 1, altura: 1, posicao: 0, createdAt: longAgo })),
  Outbox: [{ id: newId(), queue: 'q', messageName: 'm', messageId: newId(), body: '{}', traceparent: null, createdAt: longAgo, sentAt: null, attempts: 0 }],
  IdempotencyKeys: [{ id: newId(), ownerId: owner, key: 'old', fingerprint: 'f', status: null, response: null, createdAt: new Date(clock.time.getTime() - 61_000) }],
};

const page = { ownerId: owner, limit: 50, after: { createdAt: longAgo, id: itemId }, category: { name: 'Moedas' }, text: "dobrão d'ouro" };
const claim = { id: newId(), claimedAt: longAgo };
let items: SqlItemRepository;
let categories: SqlCategoryRepository;
let keys: SqlIdempotencyStore;
let outbox: SqlOutboxStore;
let register: SqlPhotoRegister;

const itemCalls: Calls<SqlItemRepository> = {
  create: [
    () => items.create(newItem(owner, { photos: [newPhoto(), newPhoto()] }), oneMessageEach),
    'SELECT Items, SELECT RemovedPhotos, SELECT Categoria, INSERT Categoria, INSERT Items, INSERT Fotos, INSERT Outbox, UPDATE CollectionVersions',
    ['Items', 'Categoria'],
  ],
  list: [() => items.list(page), 'SELECT Categoria, SELECT Items, SELECT Items, SELECT Fotos'],
  version: [() => items.version(owner), 'SELECT CollectionVersions'],
  get: [() => items.get(owner, itemId), 'SELECT Items, SELECT Fotos'],
  getMany: [() => items.getMany(owner, [itemId]), 'SELECT Items, SELECT Fotos'],
  update: [
    () => items.update(owner, itemId, { name: 'n', description: 'd', category: { id: categoryId } }),
    'SELECT Items, SELECT Categoria, UPDATE Items, SELECT Items, SELECT Fotos, UPDATE CollectionVersions',
  ],
  delete: [() => items.delete(owner, itemId, oneMessageEach), 'SELECT Items, SELECT Items, SELECT Fotos, INSERT RemovedPhotos, INSERT Outbox, DELETE Fotos, DELETE Items, UPDATE CollectionVersions'],
  addPhotos: [() => items.addPhotos(owner, itemId, [newPhoto()], oneMessageEach), 'SELECT Items, SELECT Items, SELECT Fotos, SELECT RemovedPhotos, INSERT Fotos, INSERT Outbox, UPDATE CollectionVersions'],
  removePhoto: [() => items.removePhoto(owner, itemId, photoId, oneMessageEach), 'SELECT Items, SELECT Items, SELECT Fotos, INSERT RemovedPhotos, INSERT Outbox, DELETE Fotos, UPDATE CollectionVersions'],
  purgeTombstones: [() => items.purgeTombstones(longAgo), 'DELETE RemovedPhotos'],
};
const categoryCalls: Calls<SqlCategoryRepository> = {
  list: [() => categories.list(owner), 'SELECT Categoria, SELECT Items'],
  get: [() => categories.get(owner, categoryId), 'SELECT Categoria, SELECT Items'],
  create: [() => categories.create({ id: newId<CategoryId>(), ownerId: owner, name: 'Selos' }), 'INSERT Categoria, UPDATE CollectionVersions'],
  update: [() => categories.update(owner, categoryId, { name: 'Selos', settings: {} }), 'SELECT Categoria, UPDATE Categoria, SELECT Items, UPDATE CollectionVersions'],
  delete: [() => categories.delete(owner, categoryId, { moveTo: newId<CategoryId>() }), 'SELECT Categoria, SELECT Items, SELECT Categoria, UPDATE Items, DELETE Categoria, UPDATE CollectionVersions'],
};
const keyCalls: Calls<SqlIdempotencyStore> = {
  begin: [() => keys.begin(owner, 'new', 'f'), 'SELECT IdempotencyKeys, INSERT IdempotencyKeys', ['IdempotencyKeys']],
  finish: [() => keys.finish(claim, { status: 201, response: {} }), 'UPDATE IdempotencyKeys'],
  forget: [() => keys.forget(claim), 'DELETE IdempotencyKeys'],
  release: [() => keys.release(claim), 'UPDATE IdempotencyKeys'],
  purge: [() => keys.purge(), 'DELETE IdempotencyKeys'],
};
const outboxCalls: Calls<SqlOutboxStore> = {
  claimBatch: [() => outbox.claimBatch(100, 15_000, ['ImageAugmentations', 'ModelTraining']), 'WITH Outbox'],
  markSent: [() => outbox.markSent([newId(), newId()]), 'UPDATE Outbox'],
  markFailed: [() => outbox.markFailed([newId()]), 'UPDATE Outbox'],
  release: [() => outbox.release([newId()]), 'UPDATE Outbox'],
  backlog: [() => outbox.backlog(), 'SELECT Outbox'],
  purge: [() => outbox.purge(), 'DELETE Outbox'],
};
const registerCalls: Calls<SqlPhotoRegister> = {
  known: [() => register.known([photoId, otherPhotoId]), 'SELECT Fotos'],
  page: [() => register.page(longAgo, photoId), 'SELECT Fotos'],
};
const named = (subject: string, calls: Record<string, Case>) => Object.entries(calls).map(([method, one]): [string, ...Case] => [`${subject}.${method}`, ...one]);

let server: CapturedMssql;
let empty: readonly string[];

beforeAll(async () => {
  server = await captureMssql(collectionEntities);
  server.answerWith(answer);
  server.changeNothingIn((sql) => sql.startsWith('UPDATE') && empty.some((table) => sql.includes(`"${table}"`)));
  const database = new CollectionDatabase(server.source);
  items = new SqlItemRepository(database, clock);
  categories = new SqlCategoryRepository(database, clock);
  keys = new SqlIdempotencyStore(database, clock);
  outbox = new SqlOutboxStore(database, clock);
  register = new SqlPhotoRegister(database);
});

/** Rows under the names that the query asks for: TypeORM's are `item_id` or `ItemRow__ItemRow_category_nome`. */
function answer(sql: string): Record<string, unknown>[] | undefined {
  const table = /^SELECT .* FROM "(\w+)"/s.exec(sql)?.[1] ?? '';
  const rows = empty.includes(table) ? [] : (held[table] ?? []);
  if (sql.includes('AS "cnt"')) {
    return [{ cnt: rows.length }];
  }
  const aliases = [...sql.matchAll(/AS "(\w+)"/g)].map(([, alias = '']) => alias);
  const valueOf = (alias: string, row: Record<string, unknown>) => (alias.includes('category_') ? held['Categoria']![0]! : row)[alias.slice(alias.lastIndexOf('_') + 1)];
  return rows.map((row) => ({ ...row, ...Object.fromEntries(aliases.map((alias) => [alias, valueOf(alias, row)])) }));
}

const summaryOf = (sql: string) => `${sql.split(' ', 1)[0]} ${/(?:FROM|INTO|UPDATE) "(\w+)"/.exec(sql)?.[1]}`;

it.each<[string, ...Case]>([
  ...named('items', itemCalls),
  ...named('categories', categoryCalls),
  [
    'categories.create, the first change',
    () => categories.create({ id: newId<CategoryId>(), ownerId: owner, name: 'Selos' }),
    'INSERT Categoria, UPDATE CollectionVersions, INSERT CollectionVersions',
    ['CollectionVersions'],
  ],
  ...named('keys', keyCalls),
  ['keys.begin, taking over', () => keys.begin(owner, 'old', 'f'), 'SELECT IdempotencyKeys, UPDATE IdempotencyKeys'],
  ...named('outbox', outboxCalls),
  ...named('register', registerCalls),
])('speaks to SQL Server in words it knows: %s', async (_, call, sends, withoutRows = []) => {
  empty = withoutRows;
  server.clear();
  await call();
  expect(server.statements.map(({ sql }) => summaryOf(sql)).join(', ')).toBe(sends);
  expect(server.statements.flatMap(mssqlTraps)).toEqual([]);
});
