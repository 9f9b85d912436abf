import type { PlatformData } from './platform-data.js';

type DatabaseName = 'collection' | 'learning';

/** What holds at every moment, or, where it speaks of minutes, of all that is older. */
export interface Invariant {
  readonly name: string;
  readonly database: DatabaseName;
  /** Answers a row for everything that breaks it. In PostgreSQL's words. */
  readonly sql: string;
  /**
   * What the other database says of it, read before: its column `fact` is `$1::text[]` of `sql`.
   * What comes second in the platform's own order is read first, so that nothing seems to be missing that is on its way.
   */
  readonly given?: { readonly database: DatabaseName; readonly sql: string };
}

/** Photos that have a row, or a tombstone in its place. */
const knownPhotos = `SELECT "id", "itemId" FROM "Fotos" UNION ALL SELECT "photoId", "itemId" FROM "RemovedPhotos"`;
/** Sent messages are kept for 7 days. */
const withOutbox = `> now() - interval '6 days'`;
const settledFor = (time: string) => `< now() - interval '${time}'`;

export const invariants: readonly Invariant[] = [
  // The collection: items, photos, categories
  {
    name: 'every item has a photo',
    database: 'collection',
    sql: `SELECT i."id" FROM "Items" i WHERE NOT EXISTS (SELECT 1 FROM "Fotos" f WHERE f."itemId" = i."id")`,
  },
  {
    name: 'every photo belongs to an item of the same owner',
    database: 'collection',
    sql: `SELECT f."id" FROM "Fotos" f LEFT JOIN "Items" i ON i."id" = f."itemId" WHERE i."ownerId" IS DISTINCT FROM f."ownerId"`,
  },
  {
    name: 'every item is in a category of the same owner',
    database: 'collection',
    sql: `SELECT i."id" FROM "Items" i LEFT JOIN "Categoria" c ON c."id" = i."categoriaId" WHERE c."ownerId" IS DISTINCT FROM i."ownerId"`,
  },
  {
    name: 'every item and category has an owner with an account',
    database: 'collection',
    sql: `SELECT o."id" FROM (SELECT "id", "ownerId" FROM "Items" UNION ALL SELECT "id", "ownerId" FROM "Categoria") o
          WHERE NOT EXISTS (SELECT 1 FROM "Users" u WHERE u."id" = o."ownerId")`,
  },
  {
    name: 'no owner has two categories of one name',
    database: 'collection',
    sql: `SELECT "ownerId", "nomeNormalizado" FROM "Categoria" GROUP BY 1, 2 HAVING count(*) > 1`,
  },
  {
    name: 'no two photos stand at one place of an item',
    database: 'collection',
    sql: `SELECT "itemId", "posicao" FROM "Fotos" GROUP BY 1, 2 HAVING count(*) > 1`,
  },
  {
    name: 'no item holds more than 50 photos',
    database: 'collection',
    sql: `SELECT "itemId" FROM "Fotos" GROUP BY 1 HAVING count(*) > 50`,
  },
  {
    name: 'every photo lies under a key of its own',
    database: 'collection',
    sql: `SELECT "id" FROM "Fotos" WHERE "caminho" NOT LIKE 'item/' || "itemId" || '/' || "id" || '.%'`,
  },
  {
    name: 'every photo has bytes, a size and a checksum',
    database: 'collection',
    sql: `SELECT "id" FROM "Fotos" WHERE "bytes" <= 0 OR "largura" <= 0 OR "altura" <= 0 OR "sha256" !~ '^[0-9a-f]{64}$'`,
  },
  {
    name: 'no photo is both there and removed',
    database: 'collection',
    sql: `SELECT f."id" FROM "Fotos" f JOIN "RemovedPhotos" r ON r."photoId" = f."id"`,
  },

  // Messages
  {
    name: 'every photo was handed to the augmentation',
    database: 'collection',
    sql: `SELECT "id"::text FROM "Fotos" WHERE "createdAt" ${withOutbox} EXCEPT SELECT "body"::json ->> 'fotoId' FROM "Outbox" WHERE "queue" = 'ImageAugmentations'`,
  },
  {
    name: 'every removal of a photo was told',
    database: 'collection',
    sql: `SELECT "photoId"::text FROM "RemovedPhotos" WHERE "removedAt" ${withOutbox} EXCEPT SELECT "body"::json ->> 'fotoId' FROM "Outbox" WHERE "queue" = 'PhotoRemovals'`,
  },
  {
    name: 'no message is in the outbox twice',
    database: 'collection',
    sql: `SELECT "messageId" FROM "Outbox" GROUP BY 1 HAVING count(*) > 1`,
  },
  {
    name: 'no message waits in the outbox for ten minutes',
    database: 'collection',
    sql: `SELECT "id" FROM "Outbox" WHERE "sentAt" IS NULL AND "createdAt" ${settledFor('10 minutes')}`,
  },
  {
    name: 'every kept answer speaks of an item that is or was there',
    database: 'collection',
    sql: `SELECT k."id" FROM "IdempotencyKeys" k WHERE k."status" IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM "Items" i WHERE i."id"::text = k."response"::json ->> 'itemId')
          AND NOT EXISTS (SELECT 1 FROM "RemovedPhotos" r WHERE r."itemId"::text = k."response"::json ->> 'itemId')`,
  },

  // Dead letters
  {
    name: 'every dead letter has its row in the error log',
    database: 'collection',
    sql: `SELECT "letterId"::text FROM "DeadLetters" EXCEPT SELECT "context"::json ->> 'letterId' FROM "ErrorLog"`,
  },
  {
    name: 'every replayed letter has a message in its place',
    database: 'collection',
    sql: `SELECT d."letterId" FROM "DeadLetters" d WHERE d."state" = 'replayed'
          AND (d."replayedAt" IS NULL OR (d."replayedAt" ${withOutbox} AND NOT EXISTS (SELECT 1 FROM "Outbox" o WHERE o."messageId" = d."replayMessageId")))`,
  },
  {
    name: 'every settled letter says who settled it, and no open one does',
    database: 'collection',
    sql: `SELECT d."letterId" FROM "DeadLetters" d LEFT JOIN "QueueAudit" a ON a."id" = d."auditId" WHERE (d."state" = 'open') = (a."id" IS NOT NULL)`,
  },
  {
    name: 'every audit row counts the letters it settled',
    database: 'collection',
    sql: `SELECT a."id" FROM "QueueAudit" a WHERE a."letters" <> (SELECT count(*) FROM "DeadLetters" d WHERE d."auditId" = a."id")`,
  },
  {
    name: 'every letter that came of a replay knows the letter before it',
    database: 'collection',
    sql: `SELECT d."letterId" FROM "DeadLetters" d LEFT JOIN "DeadLetters" e ON e."letterId" = d."replayOf" WHERE d."replayOf" IS NOT NULL AND e."state" IS DISTINCT FROM 'replayed'`,
  },

  // Models and classifications
  {
    name: 'at most one version serves',
    database: 'collection',
    sql: `SELECT 1 FROM "Models" WHERE "state" = 'active' HAVING count(*) > 1`,
  },
  {
    name: 'the serving version was activated and names its files',
    database: 'collection',
    sql: `SELECT "version" FROM "Models" WHERE "state" = 'active' AND ("activatedAt" IS NULL OR "path" = '' OR "embeddings" = '')`,
  },
  {
    name: 'no refused version ever served',
    database: 'collection',
    sql: `SELECT "version" FROM "Models" WHERE "state" = 'refused' AND "activatedAt" IS NOT NULL`,
  },
  {
    name: 'every classification has a confidence from 0 to 1, of a version that is known',
    database: 'collection',
    sql: `SELECT c."id" FROM "Classifications" c LEFT JOIN "Models" m ON m."version" = c."modelVersion"
          WHERE c."confianca" NOT BETWEEN 0 AND 1 OR (c."modelVersion" IS NOT NULL AND m."version" IS NULL)`,
  },

  // Augmentation
  {
    name: 'every successful job has a valid variant',
    database: 'learning',
    sql: `SELECT j.job_id FROM augmentation_jobs j WHERE j.status = 'success'
          AND NOT EXISTS (SELECT 1 FROM augmentation_results r WHERE r.job_id = j.job_id AND r.state = 'valid')`,
  },
  {
    name: 'every successful job has its figures once',
    database: 'learning',
    sql: `SELECT j.job_id FROM augmentation_jobs j WHERE j.status = 'success' AND (SELECT count(*) FROM augmentation_metrics m WHERE m.job_id = j.job_id) <> 1`,
  },
  {
    name: 'only successful jobs have variants, and of their own photo',
    database: 'learning',
    sql: `SELECT r.id FROM augmentation_results r JOIN augmentation_jobs j ON j.job_id = r.job_id WHERE j.status <> 'success' OR j.photo_id <> r.photo_id`,
  },
  {
    name: 'no two variants share an object',
    database: 'learning',
    sql: `SELECT object_key FROM augmentation_results GROUP BY 1 HAVING count(*) > 1`,
  },
  {
    name: 'no transformation of a photo is there twice',
    database: 'learning',
    sql: `SELECT photo_id, transform, params_hash FROM augmentation_results GROUP BY 1, 2, 3 HAVING count(*) > 1`,
  },
  {
    name: 'every job that ended says when, and a failed one why',
    database: 'learning',
    sql: `SELECT job_id FROM augmentation_jobs WHERE (status <> 'processing' AND finished_at IS NULL) OR (status = 'failed' AND error_type IS NULL)`,
  },
  {
    name: 'nothing is left of a photo that was removed a minute ago',
    database: 'learning',
    sql: `SELECT j.job_id FROM removed_photos p JOIN augmentation_jobs j ON j.photo_id = p.photo_id WHERE p.removed_at ${settledFor('1 minute')}`,
  },
  {
    name: 'every job is about a photo that is or was there, and its item',
    database: 'collection',
    given: { database: 'learning', sql: `SELECT photo_id || ' ' || item_id AS fact FROM augmentation_jobs` },
    sql: `SELECT unnest($1::text[]) EXCEPT SELECT k."id" || ' ' || k."itemId" FROM (${knownPhotos}) k`,
  },
  {
    name: 'every job worked on the bytes that are stored',
    database: 'learning',
    given: { database: 'collection', sql: `SELECT "id" || ' ' || "sha256" AS fact FROM "Fotos"` },
    sql: `SELECT j.job_id FROM unnest($1::text[]) AS given(fact) JOIN augmentation_jobs j ON j.photo_id::text = split_part(given.fact, ' ', 1)
          WHERE j.source_sha256 <> split_part(given.fact, ' ', 2)`,
  },
  {
    name: 'no photo waits for ten minutes without a job or a dead letter',
    database: 'learning',
    given: {
      database: 'collection',
      sql: `SELECT f."id"::text AS fact FROM "Fotos" f WHERE f."createdAt" ${settledFor('10 minutes')} AND NOT EXISTS (SELECT 1 FROM "DeadLetters" d WHERE d."fotoId" = f."id")`,
    },
    sql: `SELECT unnest($1::text[]) EXCEPT SELECT photo_id::text FROM augmentation_jobs`,
  },

  // Training
  {
    name: 'at most one training runs',
    database: 'learning',
    sql: `SELECT 1 FROM training_runs WHERE status = 'running' HAVING count(*) > 1`,
  },
  {
    name: 'every training that ended says when, and a done one which version, with its figures',
    database: 'learning',
    sql: `SELECT t.id FROM training_runs t LEFT JOIN "ModelMetrics" m ON m.version = t.model_version
          WHERE (t.status NOT IN ('queued', 'running') AND t.finished_at IS NULL) OR (t.status = 'done' AND m.version IS NULL)`,
  },
  {
    name: 'figures of a version lie between 0 and 1 and come of a training',
    database: 'learning',
    sql: `SELECT m.version FROM "ModelMetrics" m LEFT JOIN training_runs t ON t.id = m.run_id
          WHERE t.id IS NULL OR NOT (m.accuracy BETWEEN 0 AND 1 AND m.val_accuracy BETWEEN 0 AND 1 AND m.macro_f1 BETWEEN 0 AND 1 AND m.ece BETWEEN 0 AND 1)`,
  },
  {
    name: 'vectors of one network have one length',
    database: 'learning',
    sql: `SELECT backbone FROM photo_embeddings GROUP BY 1 HAVING count(DISTINCT octet_length(vector)) > 1 OR min(octet_length(vector)) = 0`,
  },
  {
    name: 'every vector is of a photo that is or was there',
    database: 'collection',
    given: { database: 'learning', sql: `SELECT DISTINCT photo_id::text AS fact FROM photo_embeddings` },
    sql: `SELECT unnest($1::text[]) EXCEPT SELECT k."id"::text FROM (${knownPhotos}) k`,
  },
  {
    name: 'the serving version has its figures',
    database: 'learning',
    given: { database: 'collection', sql: `SELECT "version" AS fact FROM "Models" WHERE "state" = 'active'` },
    sql: `SELECT unnest($1::text[]) EXCEPT SELECT version FROM "ModelMetrics"`,
  },
  {
    name: 'every version that a training made is known to the registry',
    database: 'collection',
    given: { database: 'learning', sql: `SELECT model_version AS fact FROM training_runs WHERE status = 'done' AND model_version IS NOT NULL` },
    sql: `SELECT unnest($1::text[]) EXCEPT SELECT "version" FROM "Models"`,
  },
];

/** Names of the invariants that do not hold, each with how many rows break it. An empty list: all hold. */
export async function brokenInvariants(data: Pick<PlatformData, DatabaseName>): Promise<string[]> {
  const broken: string[] = [];
  for (const { name, database, sql, given } of invariants) {
    const facts = given && (await data[given.database]<{ fact: string }>(given.sql)).map(({ fact }) => fact);
    const rows = await data[database](sql, facts && [facts]);
    if (rows.length > 0) {
      broken.push(`${name}: broken by ${rows.length}, e.g. ${JSON.stringify(rows[0])}`);
    }
  }
  return broken;
}
