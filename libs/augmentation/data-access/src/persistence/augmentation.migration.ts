import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs, their variants and figures, deleted photos and handled messages. */
export class Augmentation1760000200000 implements MigrationInterface {
  readonly name = 'Augmentation1760000200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP VIEW "AugmentationMetadata"');
    for (const table of ['inbox', 'removed_photos', 'augmentation_metrics', 'augmentation_results', 'augmentation_jobs']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

const statements = [
  `CREATE TABLE augmentation_jobs (
    job_id uuid PRIMARY KEY,
    photo_id uuid NOT NULL UNIQUE,
    item_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    categoria text NOT NULL,
    source_key text NOT NULL,
    source_sha256 text NOT NULL,
    status text NOT NULL CHECK (status IN ('processing', 'success', 'failed')),
    attempts integer NOT NULL,
    fence integer NOT NULL,
    lease_until timestamptz NOT NULL,
    bad_quality boolean NOT NULL DEFAULT false,
    error_type text,
    error_message text,
    sharpness real,
    brightness real,
    contrast real,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
  )`,
  // The few that are in work, among all that are done.
  `CREATE INDEX augmentation_jobs_lease ON augmentation_jobs (lease_until) WHERE status = 'processing'`,
  `CREATE TABLE augmentation_results (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES augmentation_jobs ON DELETE CASCADE,
    photo_id uuid NOT NULL,
    transform text NOT NULL,
    params_hash text NOT NULL,
    params jsonb NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    etag text,
    bytes integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    state text NOT NULL CHECK (state IN ('valid', 'invalid_format', 'upload_failed')),
    error_type text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (photo_id, transform, params_hash)
  )`,
  'CREATE INDEX augmentation_results_job ON augmentation_results (job_id)',
  'CREATE INDEX augmentation_results_object_key ON augmentation_results (object_key)',
  'CREATE INDEX augmentation_results_sha256 ON augmentation_results (sha256)',
  // `tempo`: milliseconds from taking the message up to the last upload; `stages`: the parts of it.
  `CREATE TABLE augmentation_metrics (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES augmentation_jobs ON DELETE CASCADE,
    photo_id uuid NOT NULL,
    tempo integer NOT NULL,
    file_size bigint NOT NULL,
    stages jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  'CREATE INDEX augmentation_metrics_job ON augmentation_metrics (job_id)',
  'CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY, removed_at timestamptz NOT NULL DEFAULT now())',
  // Written when a message first comes; `handled_at` when it was handled to its end.
  `CREATE TABLE inbox (
    message_id uuid PRIMARY KEY,
    queue text NOT NULL,
    body_hash text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz
  )`,
  // The backend document's name for one row per variant.
  `CREATE VIEW "AugmentationMetadata" AS
    SELECT r.id, j.job_id, j.item_id, r.photo_id, j.owner_id, j.categoria, r.transform, r.params, r.params_hash,
      r.object_key, r.sha256, r.etag, r.bytes, r.width, r.height, r.state, r.error_type, j.bad_quality, r.created_at
    FROM augmentation_results r JOIN augmentation_jobs j ON j.job_id = r.job_id`,
];
