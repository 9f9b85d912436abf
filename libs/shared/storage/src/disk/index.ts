export * from './disk-object-store.js';
export * from './disk-objects.controller.js';
export * from './disk-storage.module.js';
export * from './link-signer.js';
