export * from './capture-mssql.js';
export * from './mssql-traps.js';
export * from './scratch-database.js';
export * from './scratch-mssql.js';
