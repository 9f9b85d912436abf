import type { Provider } from '@nestjs/common';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { AugmentedVariants, ClassificationLog, EmbeddingStore, ModelMetricsStore, ModelRegistry, PhotoCatalogue, TrainingRuns } from '@repo/recognition-domain';
import { SqlAugmentedVariants } from './sql-augmented-variants.js';
import { SqlClassificationLog } from './sql-classification-log.js';
import { SqlEmbeddingStore } from './sql-embedding.store.js';
import { SqlModelMetricsStore } from './sql-model-metrics.store.js';
import { SqlModelRegistry } from './sql-model-registry.js';
import { SqlPhotoCatalogue } from './sql-photo-catalogue.js';
import { SqlTrainingRuns } from './sql-training-runs.repository.js';

/** What an app names to get recognition's tables; it brings both databases. */
export const recognitionProviders: Provider[] = [
  { provide: ModelRegistry, useFactory: (database: CollectionDatabase) => new SqlModelRegistry(database), inject: [CollectionDatabase] },
  { provide: ClassificationLog, useFactory: (database: CollectionDatabase) => new SqlClassificationLog(database), inject: [CollectionDatabase] },
  { provide: PhotoCatalogue, useFactory: (database: CollectionDatabase) => new SqlPhotoCatalogue(database), inject: [CollectionDatabase] },
  { provide: TrainingRuns, useFactory: (database: LearningDatabase) => new SqlTrainingRuns(database), inject: [LearningDatabase] },
  { provide: ModelMetricsStore, useFactory: (database: LearningDatabase) => new SqlModelMetricsStore(database), inject: [LearningDatabase] },
  { provide: EmbeddingStore, useFactory: (database: LearningDatabase) => new SqlEmbeddingStore(database), inject: [LearningDatabase] },
  { provide: AugmentedVariants, useFactory: (database: LearningDatabase) => new SqlAugmentedVariants(database), inject: [LearningDatabase] },
];
