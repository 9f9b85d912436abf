import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { newId } from '@repo/kernel';
import { PostgresServer } from '@repo/servers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenInvariants, invariants } from './invariants.js';

const ids = ['owner', 'category', 'item', 'photo', 'removed', 'removedItem', 'letter', 'replayed', 'again', 'audit', 'job', 'run', 'replay'] as const;
/** Other ids for each test; `$photo` in a statement stands for one. */
let values: Readonly<Record<string, string>>;
const sha256 = 'ab'.repeat(32);

/** One of everything, as the platform leaves it when all has settled. */
const healthy = {
  collection: [
    `INSERT INTO "Users" ("id", "externalId", "email", "name", "provider", "role", "createdAt") VALUES ($owner, 'a@b.c', 'a@b.c', 'Ana', 'local', 'user', now())`,
    `INSERT INTO "Categoria" ("id", "ownerId", "nome", "nomeNormalizado", "settings", "createdAt") VALUES ($category, $owner, 'Moedas', 'moedas', '{}', now())`,
    `INSERT INTO "Items" ("id", "ownerId", "nome", "categoriaId", "createdAt") VALUES ($item, $owner, 'Dobrão', $category, now())`,
    photo('$photo', 0),
    `INSERT INTO "RemovedPhotos" ("photoId", "itemId", "removedAt") VALUES ($removed, $removedItem, now())`,
    sent('ImageAugmentations', 'photo.augment.v1', '$photo', 'gen_random_uuid()'),
    sent('PhotoRemovals', 'photo.remove.v1', '$removed', 'gen_random_uuid()'),
    sent('ImageAugmentations', 'photo.augment.v1', '$photo', '$replay'),
    ...['$item', '$removedItem'].map(
      (item) => `INSERT INTO "IdempotencyKeys" ("id", "ownerId", "key", "fingerprint", "status", "response", "createdAt") VALUES (gen_random_uuid(), $owner, ${item}, 'f', 201, '{"itemId":"' || ${item} || '"}', now())`,
    ),
    `INSERT INTO "IdempotencyKeys" ("id", "ownerId", "key", "fingerprint", "createdAt") VALUES (gen_random_uuid(), $owner, 'running', 'f', now())`,
    `INSERT INTO "QueueAudit" ("id", "who", "at", "what", "queue", "letters") VALUES ($audit, $owner, now(), 'replay', 'ImageAugmentations', 1)`,
    letter('$letter', 'open'),
    letter('$replayed', 'replayed', { replayedAt: 'now()', replayMessageId: '$replay', auditId: '$audit' }),
    letter('$again', 'open', { replayOf: '$replayed' }),
    `INSERT INTO "Models" ("version", "state", "createdAt", "activatedAt", "path", "embeddings") VALUES ('v2', 'active', now(), now(), 'models/v2', 'models/v2/e'), ('v1', 'refused', now(), NULL, 'models/v1', 'models/v1/e')`,
    `INSERT INTO "Classifications" ("id", "userId", "imagePath", "classe", "confianca", "conhecido", "modelVersion", "timestamp") VALUES (gen_random_uuid(), $owner, 'x', 'Moedas', 0.9, true, 'v2', now()), (gen_random_uuid(), $owner, 'y', 'desconhecido', 0, false, NULL, now())`,
  ],
  learning: [
    `INSERT INTO augmentation_jobs (job_id, photo_id, item_id, owner_id, categoria, source_key, source_sha256, status, attempts, fence, lease_until, finished_at)
     VALUES ($job, $photo, $item, $owner, 'Moedas', 'k', '${sha256}', 'success', 1, 1, now(), now())`,
    variant('$job', '$photo', 'rotate', 'k1'),
    variant('$job', '$photo', 'flip', 'k2'),
    `INSERT INTO augmentation_metrics (job_id, photo_id, tempo, file_size, stages) VALUES ($job, $photo, 1, 1, '{}')`,
    `INSERT INTO removed_photos (photo_id, removed_at) VALUES ($removed, now() - interval '1 hour')`,
    `INSERT INTO photo_embeddings (photo_id, backbone, item_id, owner_id, sha256, vector) VALUES ($photo, 'b', $item, $owner, 's', '\\x00000000'), ($removed, 'b', $item, $owner, 's', '\\x00000000')`,
    `INSERT INTO training_runs (id, status, requested_at, finished_at, model_version) VALUES ($run, 'done', now(), now(), 'v2')`,
    `INSERT INTO "ModelMetrics" (version, run_id, accuracy, loss, val_accuracy, val_loss, macro_f1, ece, report, confusion, lineage, "timestamp") VALUES ('v2', $run, 1, 0.1, 0.9, 0.2, 0.9, 0.05, '{}', '[]', '{}', now())`,
  ],
};

function photo(id: string, position: number): string {
  return `INSERT INTO "Fotos" ("id", "itemId", "ownerId", "caminho", "sha256", "bytes", "largura", "altura", "posicao", "createdAt")
          VALUES (${id}, $item, $owner, 'item/' || $item || '/' || ${id} || '.jpg', '${sha256}', 1, 1, 1, ${position}, now())`;
}

function sent(queue: string, name: string, photoId: string, messageId: string): string {
  return `INSERT INTO "Outbox" ("id", "queue", "messageName", "messageId", "body", "createdAt", "sentAt", "attempts") VALUES (gen_random_uuid(), '${queue}', '${name}', ${messageId}, '{"fotoId":"' || ${photoId} || '"}', now(), now(), 0)`;
}

function letter(id: string, state: string, more: Record<string, string> = {}): string {
  const columns = Object.keys(more).map((column) => `, "${column}"`).join('');
  const given = Object.values(more).map((value) => `, ${value}`).join('');
  return `INSERT INTO "DeadLetters" ("letterId", "queue", "cause", "reason", "groupKey", "attempt", "history", "text", "state", "deadAt"${columns}) VALUES (${id}, 'ImageAugmentations', 'c', 'r', 'g', 3, '[]', '{}', '${state}', now()${given});
          INSERT INTO "ErrorLog" ("id", "msg", "reason", "context", "timestamp") VALUES (gen_random_uuid(), 'm', 'r', '{"letterId":"' || ${id} || '"}', now())`;
}

function variant(job: string, photoId: string, transform: string, key: string): string {
  return `INSERT INTO augmentation_results (job_id, photo_id, transform, params_hash, params, object_key, sha256, bytes, width, height, state) VALUES (${job}, ${photoId}, '${transform}', 'h', '{}', '${key}', 's', 1, 1, 1, 'valid')`;
}

type Plants = { collection?: string; learning?: string };

/** One violation of each; what an index or a foreign key would refuse is planted where that is gone. */
const violations: Record<string, Plants> = {
  'every item has a photo': { collection: `INSERT INTO "Items" SELECT gen_random_uuid(), "ownerId", "nome", "descricao", "busca", "categoriaId", "createdAt" FROM "Items" WHERE "id" = $item` },
  'every photo belongs to an item of the same owner': { collection: `UPDATE "Fotos" SET "ownerId" = gen_random_uuid() WHERE "id" = $photo` },
  'every item is in a category of the same owner': { collection: `UPDATE "Categoria" SET "ownerId" = gen_random_uuid() WHERE "id" = $category` },
  'every item and category has an owner with an account': { collection: `DELETE FROM "Users" WHERE "id" = $owner` },
  'no owner has two categories of one name': { collection: `DROP INDEX "IX_Categoria_ownerId_nomeNormalizado"; INSERT INTO "Categoria" SELECT gen_random_uuid(), "ownerId", "nome", "nomeNormalizado", "settings", "createdAt" FROM "Categoria" WHERE "id" = $category` },
  'no two photos stand at one place of an item': { collection: photo('$removedItem', 0) },
  'no item holds more than 50 photos': { collection: Array.from({ length: 50 }, (_, at) => photo('gen_random_uuid()', at + 1)).join(';') },
  'every photo lies under a key of its own': { collection: `UPDATE "Fotos" SET "caminho" = 'item/' || $item || '/other.jpg' WHERE "id" = $photo` },
  'every photo has bytes, a size and a checksum': { collection: `UPDATE "Fotos" SET "bytes" = 0 WHERE "id" = $photo` },
  'no photo is both there and removed': { collection: `INSERT INTO "RemovedPhotos" VALUES ($photo, $item, now())` },
  'every photo was handed to the augmentation': { collection: `DELETE FROM "Outbox" WHERE "queue" = 'ImageAugmentations'` },
  'every removal of a photo was told': { collection: `DELETE FROM "Outbox" WHERE "queue" = 'PhotoRemovals'` },
  'no message is in the outbox twice': { collection: sent('ImageAugmentations', 'photo.augment.v1', '$photo', '$replay') },
  'no message waits in the outbox for ten minutes': { collection: `UPDATE "Outbox" SET "sentAt" = NULL, "createdAt" = now() - interval '11 minutes' WHERE "messageId" = $replay` },
  'every kept answer speaks of an item that is or was there': { collection: `UPDATE "IdempotencyKeys" SET "response" = '{"itemId":"' || gen_random_uuid() || '"}' WHERE "key" = $item::text` },
  'every dead letter has its row in the error log': { collection: `DELETE FROM "ErrorLog" WHERE "context" LIKE '%' || $letter || '%'` },
  'every replayed letter has a message in its place': { collection: `DELETE FROM "Outbox" WHERE "messageId" = $replay` },
  'every settled letter says who settled it, and no open one does': { collection: `UPDATE "DeadLetters" SET "state" = 'discarded' WHERE "letterId" = $letter` },
  'every audit row counts the letters it settled': { collection: `UPDATE "QueueAudit" SET "letters" = 2 WHERE "id" = $audit` },
  'every letter that came of a replay knows the letter before it': { collection: `UPDATE "DeadLetters" SET "replayOf" = gen_random_uuid() WHERE "letterId" = $again` },
  'at most one version serves': { collection: `DROP INDEX "IX_Models_one_active"; UPDATE "Models" SET "state" = 'active', "activatedAt" = now()` },
  'the serving version was activated and names its files': { collection: `UPDATE "Models" SET "activatedAt" = NULL` },
  'no refused version ever served': { collection: `UPDATE "Models" SET "activatedAt" = now() WHERE "state" = 'refused'` },
  'every classification has a confidence from 0 to 1, of a version that is known': { collection: `UPDATE "Classifications" SET "modelVersion" = 'v9' WHERE "imagePath" = 'x'` },
  'every successful job has a valid variant': { learning: `UPDATE augmentation_results SET state = 'upload_failed'` },
  'every successful job has its figures once': { learning: `INSERT INTO augmentation_metrics (job_id, photo_id, tempo, file_size, stages) SELECT job_id, photo_id, tempo, file_size, stages FROM augmentation_metrics` },
  'only successful jobs have variants, and of their own photo': { learning: `UPDATE augmentation_results SET photo_id = gen_random_uuid() WHERE transform = 'flip'` },
  'no two variants share an object': { learning: `UPDATE augmentation_results SET object_key = 'k1'` },
  'no transformation of a photo is there twice': { learning: `ALTER TABLE augmentation_results DROP CONSTRAINT augmentation_results_photo_id_transform_params_hash_key; UPDATE augmentation_results SET transform = 'flip'` },
  'every job that ended says when, and a failed one why': { learning: `UPDATE augmentation_jobs SET finished_at = NULL` },
  'nothing is left of a photo that was removed a minute ago': { learning: `UPDATE removed_photos SET photo_id = $photo` },
  'every job is about a photo that is or was there, and its item': { learning: `UPDATE augmentation_jobs SET item_id = gen_random_uuid()` },
  'every job worked on the bytes that are stored': { learning: `UPDATE augmentation_jobs SET source_sha256 = 'other'` },
  'no photo waits for ten minutes without a job or a dead letter': { collection: `UPDATE "Fotos" SET "createdAt" = now() - interval '11 minutes'`, learning: `DELETE FROM augmentation_jobs` },
  'at most one training runs': { learning: `DROP INDEX training_runs_one_running; INSERT INTO training_runs (id, status, requested_at) SELECT gen_random_uuid(), 'running', now() FROM generate_series(1, 2)` },
  'every training that ended says when, and a done one which version, with its figures': { learning: `UPDATE training_runs SET model_version = NULL` },
  'figures of a version lie between 0 and 1 and come of a training': { learning: `UPDATE "ModelMetrics" SET macro_f1 = 'NaN'` },
  'vectors of one network have one length': { learning: `UPDATE photo_embeddings SET vector = '\\x0000' WHERE photo_id = $removed` },
  'every vector is of a photo that is or was there': { learning: `UPDATE photo_embeddings SET photo_id = gen_random_uuid() WHERE photo_id = $photo` },
  'the serving version has its figures': { learning: `DELETE FROM "ModelMetrics"` },
  'every version that a training made is known to the registry': { collection: `DELETE FROM "Models" WHERE "version" = 'v2'` },
};

describe.skipIf(!PostgresServer.isInstalled())('invariants over both databases', () => {
  let server: PostgresServer;
  let clients: Record<'collection' | 'learning', pg.Client>;
  const query = async <Row extends pg.QueryResultRow>(database: 'collection' | 'learning', sql: string, parameters?: unknown[]) => (await clients[database].query<Row>(sql, parameters)).rows;
  const data = {
    collection: <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) => query<Row>('collection', sql, parameters),
    learning: <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) => query<Row>('learning', sql, parameters),
  };

  beforeAll(async () => {
    server = await PostgresServer.start();
    const [collection, learning] = [await server.createDatabase('collection'), await server.createDatabase('learning')];
    await migrate({ COLLECTION_DATABASE_URL: collection, LEARNING_DATABASE_URL: learning });
    clients = { collection: new pg.Client(collection), learning: new pg.Client(learning) };
    await Promise.all([clients.collection.connect(), clients.learning.connect()]);
  });
  afterAll(async () => {
    await Promise.all([clients.collection.end(), clients.learning.end()]);
    await server.stop();
  });

  /** Without parameters, several statements may be sent at once. */
  const run = (database: 'collection' | 'learning', statements: string) => query(database, statements.replace(/\$([a-zA-Z]+)/g, (_, name: string) => `'${values[name]}'::uuid`));
  beforeEach(async () => {
    values = Object.fromEntries(ids.map((name) => [name, newId()]));
    for (const database of ['collection', 'learning'] as const) {
      await query(database, 'BEGIN');
      await run(database, healthy[database].join(';'));
    }
  });
  afterEach(() => Promise.all([query('collection', 'ROLLBACK'), query('learning', 'ROLLBACK')]));

  it('hold where all is well', async () => {
    expect(await brokenInvariants(data)).toEqual([]);
  });

  it('are at least 25, each with a violation here', () => {
    expect(invariants.length).toBeGreaterThanOrEqual(25);
    expect(Object.keys(violations).sort()).toEqual(invariants.map(({ name }) => name).sort());
  });

  it.each(Object.entries(violations))('%s: a violation is found', async (name, plants) => {
    for (const [database, statements] of Object.entries(plants) as ['collection' | 'learning', string][]) {
      await run(database, statements);
    }
    expect((await brokenInvariants(data)).map((broken) => broken.split(':')[0])).toContain(name);
  });
});

/** As every start of the platform does. */
async function migrate(environment: NodeJS.ProcessEnv): Promise<void> {
  const program = fileURLToPath(new URL('../../standalone/dist/prepare.js', import.meta.url));
  const [code] = (await once(fork(program, [], { env: { ...process.env, ...environment }, execArgv: [] }), 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`The databases could not be prepared (exit code ${code})`);
  }
}
