import { readEnvironment } from '@repo/config';
import { expect, it } from 'vitest';
import { databaseVariables, describeServers, unnamedDatabases } from './servers.js';
import { settings } from './settings.js';

const COLLECTION = { COLLECTION_DATABASE_URL: 'mssql://sa:the-secret@sql.example.org/collection' };
const LEARNING = { LEARNING_DATABASE_URL: 'postgres://oc:the-secret@127.0.0.1:5432/learning' };
const OTHERS = { MESSAGES_URL: 'amqp://guest:the-secret@mq:5672', OBJECTS_URL: 'http://key:the-secret@s3:9000/us-east-1', CACHE_URL: 'redis://:the-secret@cache:6379/2' };

it.each([
  [{}, ['collection', 'learning']],
  [COLLECTION, ['learning']],
  [LEARNING, ['collection']],
  [{ ...COLLECTION, ...LEARNING }, []],
  [{ ...OTHERS }, ['collection', 'learning']],
])('of %o the embedded database brings %o', (environment, expected) => expect(unnamedDatabases(readEnvironment(settings, environment))).toEqual(expected));

it('hands an embedded database over as a named one would be', () => expect(databaseVariables({ learning: 'postgres://h/l' })).toEqual({ LEARNING_DATABASE_URL: 'postgres://h/l' }));

it.each([
  [{}, 'collection embedded, learning embedded, messages in the learning database, objects in a folder, cache in each process'],
  [
    { ...COLLECTION, ...LEARNING, ...OTHERS },
    'collection mssql://sql.example.org/collection, learning postgres://127.0.0.1:5432/learning, messages amqp://mq:5672, objects http://s3:9000/us-east-1, cache redis://cache:6379/2',
  ],
])('tells where everything is, and no password', (environment, expected) => expect(describeServers(readEnvironment(settings, environment))).toBe(expected));
