export { findBackbone, weightsFolder, weightsIn } from '../ml/find-backbone.js';
export { encodeSafetensors, type Safetensors } from '../ml/safetensors.js';
export * from './convert-weights.js';
export * from './likeness.js';
export * from './put-weights.js';
