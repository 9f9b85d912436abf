import { ConfigurationError } from '@repo/config';
import { expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';

it.each([
  ['', { onServers: false, resetPassword: false, copies: { backends: 1, augmentations: 1 } }],
  ['--reset-password', { resetPassword: true }],
  ['--services', { onServers: true, copies: { backends: 1, augmentations: 1 } }],
  ['--services --backends 2 --augmentations=20', { copies: { backends: 2, augmentations: 20 } }],
  ['-h', { help: true }],
])('reads "%s"', (line, expected) => expect(readCommandLine(line.split(' ').filter(Boolean))).toMatchObject(expected));

it.each(['--services --backends 0', '--services --backends two', '--services --augmentations 21', '--services --augmentations 1.5', '--backends 2'])('refuses "%s"', (line) =>
  expect(() => readCommandLine(line.split(' '))).toThrow(ConfigurationError),
);
