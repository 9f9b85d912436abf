export { recognitionProviders } from './providers.js';
export { SqlAugmentedVariants } from './sql-augmented-variants.js';
export { SqlClassificationLog } from './sql-classification-log.js';
export { SqlEmbeddingStore } from './sql-embedding.store.js';
export { SqlModelMetricsStore } from './sql-model-metrics.store.js';
export { SqlModelRegistry } from './sql-model-registry.js';
export { SqlPhotoCatalogue } from './sql-photo-catalogue.js';
export { SqlTrainingRuns } from './sql-training-runs.repository.js';
export { collectionEntities, collectionMigrations, learningEntities, learningMigrations } from './tables.js';
