import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Vectors, trainings and their figures. */
export class RecognitionLearning1760000300000 implements MigrationInterface {
  readonly name = 'RecognitionLearning1760000300000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['training_new_photos', '"ModelMetrics"', 'training_runs', 'embedding_cache', 'photo_embeddings']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

const statements = [
  // `vector`: 1,280 little-endian float32, L2-normalised. Stored apart and as it is: noise doesn't compress.
  `CREATE TABLE photo_embeddings (
    photo_id uuid NOT NULL,
    backbone text NOT NULL,
    item_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    sha256 text NOT NULL,
    vector bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (photo_id, backbone)
  )`,
  'ALTER TABLE photo_embeddings ALTER COLUMN vector SET STORAGE EXTERNAL',
  'CREATE INDEX photo_embeddings_sha256 ON photo_embeddings (sha256)',
  `CREATE TABLE embedding_cache (
    sha256 text NOT NULL,
    backbone text NOT NULL,
    vector bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sha256, backbone)
  )`,
  'ALTER TABLE embedding_cache ALTER COLUMN vector SET STORAGE EXTERNAL',
  `CREATE TABLE training_runs (
    id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'refused', 'failed', 'cancelled')),
    motivo text,
    requested_by uuid,
    requested_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    reason_code text,
    reason text,
    model_version text,
    progress jsonb,
    lease_until timestamptz,
    fence integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    photos integer
  )`,
  // One training at a time, whoever asks.
  `CREATE UNIQUE INDEX training_runs_one_running ON training_runs ((true)) WHERE status = 'running'`,
  'CREATE INDEX training_runs_requested_at ON training_runs (requested_at DESC)',
  `CREATE TABLE "ModelMetrics" (
    version text PRIMARY KEY,
    run_id uuid NOT NULL,
    accuracy double precision NOT NULL,
    loss double precision NOT NULL,
    val_accuracy double precision NOT NULL,
    val_loss double precision NOT NULL,
    macro_f1 double precision NOT NULL,
    ece double precision NOT NULL,
    report jsonb NOT NULL,
    confusion jsonb NOT NULL,
    lineage jsonb NOT NULL,
    "timestamp" timestamptz NOT NULL
  )`,
  // A row for each photo, so that a message that comes twice counts once.
  'CREATE TABLE training_new_photos (photo_id uuid PRIMARY KEY, arrived_at timestamptz NOT NULL)',
];
