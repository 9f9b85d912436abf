export { openBackbone } from './open-backbone.js';
export { RecognitionDatabasesModule, type RecognitionDatabasesOptions } from './recognition-databases.module.js';
