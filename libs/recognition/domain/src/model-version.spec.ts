import { InvalidInputError } from '@repo/kernel';
import { expect, it } from 'vitest';
import { modelFolder, newModelVersion, parseModelVersion, versionOfFolder } from './model-version.js';

const runId = '01934b5e-8f00-7c2a-9d11-5b6f0a1b2c3d';

it('names a version by the time in UTC and the run', () => {
  expect(newModelVersion(new Date('2026-01-31T12:05:09.007Z'), runId)).toBe('v20260131120509007-1b2c3d');
});

it('sorts as text in the order of time', () => {
  const times = ['2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.001Z', '2027-01-01T00:00:00.000Z'];
  const versions = times.map((time) => newModelVersion(new Date(time), runId));
  expect([...versions].reverse().sort()).toEqual(versions);
});

it('reads back what it makes', () => {
  const version = newModelVersion(new Date(), runId);
  expect(versionOfFolder(modelFolder(version))).toBe(version);
});

it.each(['v2', '', 'v20260131120509007', 'v20260131120509007-1B2C3D', '../v20260131120509007-1b2c3d', 'v20260131120509007-1b2c3d/'])(
  'refuses "%s" as a version',
  (text) => expect(() => parseModelVersion(text)).toThrow(InvalidInputError),
);

it.each(['models/v2', 'v20260131120509007-1b2c3d', '/models/v20260131120509007-1b2c3d', 'models/../temp/v20260131120509007-1b2c3d'])(
  'refuses "%s" as a folder',
  (text) => expect(() => versionOfFolder(text)).toThrow(InvalidInputError),
);
