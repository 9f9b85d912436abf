import { CollectionDatabase, inTransaction, translateDatabaseErrors } from '@repo/database';
import { newId } from '@repo/kernel';
import { ClassificationLog, type ClassifiedPhoto } from '@repo/recognition-domain';
import { LessThan } from 'typeorm';
import { ClassificationRow } from './classification.row.js';
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
      const { affected } = await this.database.source.manager.delete(TemporaryUploadRow, { timestamp: LessThan(before) });
      return affected ?? 0;
    });
  }
}
