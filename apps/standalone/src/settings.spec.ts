import { ConfigurationError, readEnvironment } from '@repo/config';
import { expect, it } from 'vitest';
import { settings, settingsOnServers } from './settings.js';

it('asks for nothing', () => expect(readEnvironment(settings, {})).toMatchObject({ PORT: 5000, OC_DATA_DIR: './data' }));

it.each([
  ['PORT', 'abc'],
  ['LOG_LEVEL', 'loud'],
  ['OC_AUTH_EMAIL', 'ana'],
  ['OC_AUTH_PASSWORD', 'short'],
  ['OC_JWT_SECRET', 'short'],
  ['OC_PUBLIC_URL', 'here'],
  ['OC_AUGMENT_WORKERS', '9'],
  ['OC_CONFIDENCE_THRESHOLD', '2'],
  ['OC_TRAINING_BACKEND', 'cuda'],
  ['OC_CLASSIFIER_THREADS', 'many'],
  ['COLLECTION_DATABASE_URL', 'mysql://127.0.0.1/collection'],
  ['LEARNING_DATABASE_URL', 'mssql://127.0.0.1/learning'],
  ['MESSAGES_URL', 'redis://127.0.0.1'],
  ['OBJECTS_URL', '127.0.0.1:9000'],
  ['OBJECTS_URL', 'http://127.0.0.1:9000'],
  ['OBJECTS_URL', 'http://key@127.0.0.1:9000/us-east-1'],
  ['CACHE_URL', 'http://127.0.0.1:6379'],
  ['DATABASE_POOL_SIZE', '0'],
])('names %s when it is "%s"', (name, value) => {
  const read = () => readEnvironment(settings, { [name]: value });
  expect(read).toThrow(ConfigurationError);
  expect(read).toThrow(`${name}:`);
});

it('takes an object store whose key lies in a file', () => {
  const set = { OBJECTS_URL: 'http://127.0.0.1:9000', OBJECTS_CREDENTIALS_FILE: '/run/secrets/objects' };
  expect(readEnvironment(settings, set)).toMatchObject(set);
});

const allServers = {
  COLLECTION_DATABASE_URL: 'postgres://127.0.0.1/collection',
  LEARNING_DATABASE_URL: 'postgres://127.0.0.1/learning',
  MESSAGES_URL: 'amqp://127.0.0.1',
  OBJECTS_URL: 'http://key:secret@127.0.0.1:9000',
  CACHE_URL: 'redis://127.0.0.1',
};

it('asks for every server where nothing is embedded', () => expect(readEnvironment(settingsOnServers, allServers)).toMatchObject(allServers));

it.each(Object.keys(allServers))('and names %s when it is missing', (name) => {
  expect(() => readEnvironment(settingsOnServers, { ...allServers, [name]: '' })).toThrow(new RegExp(`${name}: expected .*://.* \\(not set\\)`));
});
