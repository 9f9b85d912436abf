export * from './local-administrator.js';
export * from './password.js';
export * from './user.js';
export * from './user.repository.js';
