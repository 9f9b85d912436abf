export * from './create-similarity-index.js';
export * from './find-backbone.js';
export * from './safetensors.js';
export * from './worker-inference-engine.js';
export * from './training-thread.js';
export * from './version-file-builder.js';
