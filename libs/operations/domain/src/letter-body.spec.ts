import { expect, it } from 'vitest';
import { bodyOf, isCopy } from './letter-body.js';

const letter = { queue: 'q', messageId: 'm', text: '{"sentAt":"1","body":{"a":1}}' };

it.each([
  ['published again a moment later', { text: '{"sentAt":"2","body":{"a":1}}' }, true],
  ['with another body', { text: '{"sentAt":"1","body":{"a":2}}' }, false],
  ['under another id', { messageId: 'n' }, false],
  ['of another queue', { queue: 'r' }, false],
  ['that can not be read', { messageId: undefined, text: 'no JSON' }, false],
])('a message %s is a copy: %s', (_, change, isOne) => expect(isCopy({ ...letter, ...change }, letter)).toBe(isOne));

it.each([
  ['its body', letter, { a: 1 }],
  ['nothing when it can not be read', { ...letter, messageId: undefined, text: 'no JSON' }, undefined],
])('gives of a letter %s', (_, given, body) => expect(bodyOf(given)).toEqual(body));
