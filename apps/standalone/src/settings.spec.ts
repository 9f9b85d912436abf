import { ConfigurationError, readEnvironment } from '@repo/config';
import { expect, it } from 'vitest';
import { settings } from './settings.js';

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
])('names %s when it is "%s"', (name, value) => {
  const read = () => readEnvironment(settings, { [name]: value });
  expect(read).toThrow(ConfigurationError);
  expect(read).toThrow(`${name}:`);
});
