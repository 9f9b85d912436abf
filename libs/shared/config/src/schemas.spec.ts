import { describe, expect, it } from 'vitest';
import { messagesUrl, modelCacheFolder, objectPlace } from './defaults.js';
import { readEnvironment } from './read-environment.js';
import { cacheEnv, databaseEnv, messagingEnv, processEnv, recognitionEnv, storageEnv } from './schemas.js';

const needed = { COLLECTION_DATABASE_URL: 'postgres://h/c', LEARNING_DATABASE_URL: 'postgres://h/l', OC_LINK_SECRET: 'l'.repeat(32), OC_SERVICE_TOKEN: 's'.repeat(32) };
const servers = databaseEnv.extend({ ...messagingEnv.shape, ...storageEnv.shape, ...cacheEnv.shape, ...processEnv.shape });

function complaintAbout(set: Record<string, string>): string | undefined {
  try {
    readEnvironment(servers, { ...needed, ...set });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the URL of a server', () => {
  it.each([
    ['COLLECTION_DATABASE_URL', 'mssql://sa:secret@host:1433/collection?encrypt=false'],
    ['COLLECTION_DATABASE_URL', 'postgresql://host/collection'],
    ['LEARNING_DATABASE_URL', 'postgres://user:secret@host:5432/learning'],
    ['MESSAGES_URL', 'amqp://guest:guest@host:5672'],
    ['MESSAGES_URL', 'amqps://host/vhost'],
    ['MESSAGES_URL', 'postgres://host/learning'],
    ['OBJECTS_URL', 'http://key:secret@host:9000/us-east-1'],
    ['OBJECTS_URL', 'https://key:secret@host'],
    ['OBJECTS_PUBLIC_URL', 'https://photos.example.org'],
    ['CACHE_URL', 'redis://host:6379'],
    ['CACHE_URL', 'rediss://:secret@host:6380/2'],
    ['SENTRY_DSN', 'https://key@host/1'],
  ])('%s may be %s', (name, value) => expect(readEnvironment(servers, { ...needed, [name]: value })).toHaveProperty(name, value));

  it.each([
    ['COLLECTION_DATABASE_URL', 'mysql://host/collection', 'postgres://… or postgresql://… or mssql://…'],
    ['LEARNING_DATABASE_URL', 'mssql://host/learning', 'postgres://…'],
    ['LEARNING_DATABASE_URL', 'host:5432', 'postgres://…'],
    ['MESSAGES_URL', 'kafka://host', 'amqp://…'],
    ['MESSAGES_URL', 'http://host:15672', 'amqp://…'],
    ['OBJECTS_URL', 's3://bucket', 'http://… or https://…'],
    ['OBJECTS_URL', 'http://key:secret@host/a b/c', 'the region as path'],
    ['OBJECTS_PUBLIC_URL', 'photos.example.org', 'http://…'],
    ['OBJECTS_PUBLIC_URL', 'https://example.org/photos', 'no path'],
    ['CACHE_URL', 'memcached://host', 'redis://…'],
    ['SENTRY_DSN', 'key', 'http://…'],
  ])('%s may not be %s', (name, value, expected) => expect(complaintAbout({ [name]: value })).toContain(`${name}: expected ${expected}`));

  it('is never repeated in a complaint: it holds a password', () => {
    expect(complaintAbout({ MESSAGES_URL: 'http://guest:the-secret@host' })).toMatch(/MESSAGES_URL(?!.*the-secret)/s);
  });
});

describe('what is unset', () => {
  const read = (set: Record<string, string>) => readEnvironment(servers.extend(recognitionEnv.shape), { ...needed, OC_DATA_DIR: '/d', ...set });

  it('leaves the messages to the learning database, whichever that is', () => expect(messagesUrl(read({}))).toBe('postgres://h/l'));
  it('does not when there is a broker', () => expect(messagesUrl(read({ MESSAGES_URL: 'amqp://h' }))).toBe('amqp://h'));
  it('keeps objects and copies of models below the data folder', () => expect([objectPlace(read({})).folder, modelCacheFolder(read({}))]).toEqual(['/d/objects', '/d/models-cache']));
  it('does not when they have folders of their own', () =>
    expect([objectPlace(read({ OC_OBJECTS_DIR: '/o' })).folder, modelCacheFolder(read({ OC_MODEL_CACHE_DIR: '/m' }))]).toEqual(['/o', '/m']));
});
