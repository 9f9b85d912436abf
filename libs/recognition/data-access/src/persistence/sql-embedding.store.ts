import { LearningDatabase, translateDatabaseErrors } from '@repo/database';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import { EmbeddingStore, type PhotoEmbedding } from '@repo/recognition-domain';
import { bytesOfVector, vectorOfBytes } from './vector-bytes.js';

/** 500 vectors are 2.6 MB, twice that as the driver's text. */
const PAGE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

interface PhotoRow {
  photo_id: PhotoId;
  item_id: ItemId;
  owner_id: UserId;
  sha256: string;
  vector: Buffer;
}

export class SqlEmbeddingStore extends EmbeddingStore {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  async *photos(space: string): AsyncIterable<PhotoEmbedding[]> {
    for (let after = BEFORE_ALL; ; ) {
      const rows = await this.query<PhotoRow>(
        `SELECT photo_id, item_id, owner_id, sha256, vector FROM photo_embeddings
         WHERE backbone = $1 AND photo_id > $2 ORDER BY photo_id LIMIT ${PAGE}`,
        [space, after],
      );
      const last = rows.at(-1);
      if (!last) {
        return;
      }
      yield rows.map((row) => ({
        photoId: row.photo_id,
        itemId: row.item_id,
        ownerId: row.owner_id,
        sha256: row.sha256,
        vector: vectorOfBytes(row.vector),
      }));
      after = last.photo_id;
    }
  }

  async savePhoto(space: string, { photoId, itemId, ownerId, sha256, vector }: PhotoEmbedding): Promise<void> {
    await this.query(
      `INSERT INTO photo_embeddings (photo_id, backbone, item_id, owner_id, sha256, vector) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (photo_id, backbone) DO UPDATE
       SET item_id = excluded.item_id, owner_id = excluded.owner_id, sha256 = excluded.sha256, vector = excluded.vector`,
      [photoId, space, itemId, ownerId, sha256, bytesOfVector(vector)],
    );
  }

  async removePhotos(photoIds: readonly PhotoId[]): Promise<void> {
    await this.query(
      `WITH removed AS (DELETE FROM photo_embeddings WHERE photo_id = ANY($1::uuid[]) RETURNING sha256)
       DELETE FROM embedding_cache c USING removed
       WHERE c.sha256 = removed.sha256
         AND NOT EXISTS (SELECT 1 FROM photo_embeddings p WHERE p.sha256 = c.sha256 AND p.photo_id <> ALL($1::uuid[]))`,
      [photoIds],
    );
  }

  async cached(space: string, sha256s: readonly string[]): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    for (let start = 0; start < sha256s.length; start += PAGE) {
      const rows = await this.query<{ sha256: string; vector: Buffer }>(
        'SELECT sha256, vector FROM embedding_cache WHERE backbone = $1 AND sha256 = ANY($2::text[])',
        [space, sha256s.slice(start, start + PAGE)],
      );
      rows.forEach(({ sha256, vector }) => found.set(sha256, vectorOfBytes(vector)));
    }
    return found;
  }

  async saveCached(space: string, vectors: readonly { sha256: string; vector: Float32Array }[]): Promise<void> {
    await this.query(
      `INSERT INTO embedding_cache (sha256, backbone, vector)
       SELECT given.sha256, $1, given.vector FROM unnest($2::text[], $3::bytea[]) AS given(sha256, vector)
       ON CONFLICT (sha256, backbone) DO NOTHING`,
      [space, vectors.map(({ sha256 }) => sha256), vectors.map(({ vector }) => bytesOfVector(vector))],
    );
  }

  async pruneCache(): Promise<number> {
    const [{ count }] = await this.query<{ count: string }>(
      `WITH gone AS (
         DELETE FROM embedding_cache c
         WHERE NOT EXISTS (SELECT 1 FROM augmentation_results r WHERE r.sha256 = c.sha256)
           AND NOT EXISTS (SELECT 1 FROM photo_embeddings p WHERE p.sha256 = c.sha256)
         RETURNING 1
       ) SELECT count(*) AS count FROM gone`,
    ) as [{ count: string }];
    return Number(count);
  }

  private query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return translateDatabaseErrors(() => this.database.source.query(sql, parameters) as Promise<Row[]>);
  }
}
