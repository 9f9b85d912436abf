import type { Settings } from './settings.js';

const databases = { collection: 'COLLECTION_DATABASE_URL', learning: 'LEARNING_DATABASE_URL' } as const;
export type DatabaseName = keyof typeof databases;

/** The databases that no server is named for: the embedded PostgreSQL brings them. */
export function unnamedDatabases(settings: Settings): DatabaseName[] {
  return (Object.keys(databases) as DatabaseName[]).filter((name) => settings[databases[name]] === undefined);
}

/** As the services read it. */
export function databaseVariables(urls: Partial<Record<DatabaseName, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [databases[name as DatabaseName], url]));
}

/** Where everything is kept, for the terminal: without credentials. */
export function describeServers(settings: Settings): string {
  const { COLLECTION_DATABASE_URL, LEARNING_DATABASE_URL, MESSAGES_URL, OBJECTS_URL, CACHE_URL } = settings;
  return [
    `collection ${place(COLLECTION_DATABASE_URL, 'embedded')}`,
    `learning ${place(LEARNING_DATABASE_URL, 'embedded')}`,
    `messages ${place(MESSAGES_URL, 'in the learning database')}`,
    `objects ${place(OBJECTS_URL, 'in a folder')}`,
    `cache ${place(CACHE_URL, 'in each process')}`,
  ].join(', ');
}

function place(url: string | undefined, unnamed: string): string {
  if (url === undefined) {
    return unnamed;
  }
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
