import { expect, it } from 'vitest';
import { isPublic } from './s3-buckets.js';

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const read = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::original/*' };

it.each([
  [true, policy({ Effect: 'Allow', Principal: '*', ...read })],
  [true, policy({ Effect: 'Allow', Principal: { AWS: '*' }, ...read })],
  [true, policy({ Effect: 'Allow', Principal: { AWS: ['arn:aws:iam:::user/backup', '*'] }, ...read })],
  [true, policy({ Effect: 'Deny', Principal: '*', ...read }, { Effect: 'Allow', Principal: '*', ...read })],
  [true, JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', ...read } })],
  [false, policy({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam:::user/backup' }, ...read })],
  [false, policy({ Effect: 'Deny', Principal: '*', ...read })],
  [false, policy()],
  [false, '{}'],
])('%s: %s', (expected, text) => expect(isPublic(text)).toBe(expected));
