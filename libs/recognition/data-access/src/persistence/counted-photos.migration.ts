import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Photos stay counted after their training, so that a message about them that is sent again counts for nothing. */
export class CountedPhotos1760000500000 implements MigrationInterface {
  readonly name = 'CountedPhotos1760000500000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE training_new_photos ADD COLUMN trained_at timestamptz');
    await queryRunner.query('CREATE INDEX training_new_photos_untrained ON training_new_photos (arrived_at) WHERE trained_at IS NULL');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX training_new_photos_untrained');
    await queryRunner.query('DELETE FROM training_new_photos WHERE trained_at IS NOT NULL');
    await queryRunner.query('ALTER TABLE training_new_photos DROP COLUMN trained_at');
  }
}
