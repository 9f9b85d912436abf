export * from './photo-gate.js';
