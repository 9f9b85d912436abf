import { expect, it } from 'vitest';
import { adviseOnBackbone, backboneQuality, describeBackbone } from './backbone-quality.js';
import type { BackboneInfo } from './inference.js';

it.each<[BackboneInfo['origin'], string]>([
  ['configured', 'full'],
  ['data folder', 'full'],
  ['shipped', 'compact'],
])('calls weights that are %s %s', (origin, quality) => {
  expect(backboneQuality({ origin })).toBe(quality);
});

it('tells of a backbone without telling of the machine', () => {
  const info = { id: 'net-1', origin: 'configured' as const, path: '/home/ana/net.safetensors', dimensions: 1280, inputSize: 224, licence: 'Apache-2.0' };
  expect(describeBackbone(info)).toEqual({ id: 'net-1', quality: 'full', origin: 'configured', inputSize: 224 });
});

it.each([
  ['the compact one', 'compact', 'net-1', 'GET_FULL_BACKBONE', 'npm run backbone -- pull, or set OC_BACKBONE to a file'],
  ['the compact one, where a version was trained on another', 'compact', 'net-0', 'GET_FULL_BACKBONE', 'start again and train'],
  ['a full one, where a version was trained on another', 'full', 'net-0', 'TRAIN_AGAIN', 'npm run train'],
] as const)('advises on %s', (_, quality, trainedOn, code, message) => {
  expect(adviseOnBackbone({ id: 'net-1', quality }, trainedOn)).toEqual({ code, message: expect.stringContaining(message) as string });
});

it.each([['no version', undefined], ['a version that was trained on it', 'net-1']])('has nothing to advise on a full one with %s', (_, trainedOn) => {
  expect(adviseOnBackbone({ id: 'net-1', quality: 'full' }, trainedOn)).toBeUndefined();
});
