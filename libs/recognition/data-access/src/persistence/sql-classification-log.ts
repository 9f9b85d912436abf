import { CollectionDatabase, inTransaction, translateDatabaseErrors } from '@repo/database';
import { newId } from '@repo/kernel';
import { ClassificationLog, type ClassifiedPhoto } from '@repo/recognition-domain';
import { ClassificationRow } from './classification.row.js';
import { instant } from './instant.js';
import { TemporaryUploadRow } from './temporary-upload.row.js';

export class SqlClassificationLog extends ClassificationLog {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  uploaded(imagePath: string, at: Date): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.database.source.manager.insert(TemporaryUploadRow, { id: newId(), path: imagePath, timestamp: at, classified: false });
    });
  }

  async classified({ ownerId, imagePath, classe, confidence, known, modelVersion, at }: ClassifiedPhoto): Promise<void> {
    await inTransaction(this.database.source, async (manager) => {
      await manager.insert(ClassificationRow, {
        id: newId(),
        userId: ownerId,
        imagePath,
        classe,
        confianca: confidence,
        conhecido: known,
        modelVersion: modelVersion ?? null,
        timestamp: at,
      });
      await manager.update(TemporaryUploadRow, { path: imagePath }, { classified: true });
    });
  }

  purgeUploads(before: Date): Promise<number> {
    return translateDatabaseErrors(async () => {
      const { source } = this.database;
      const old = source.createQueryBuilder().delete().from(TemporaryUploadRow).where('"timestamp" < :before', { before: instant(source, before) });
      const { affected } = await old.execute();
      return affected ?? 0;
    });
  }
}
