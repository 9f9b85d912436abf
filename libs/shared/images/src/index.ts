export * from './photo-gate.js';
export * from './process-photo-gate.js';
