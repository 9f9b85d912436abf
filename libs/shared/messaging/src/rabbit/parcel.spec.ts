import type { Message } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { letterOf } from '../letter-of.js';
import { carriedIn, letterIn, nextAttempt, parcelOf, parcelOfDead, type CarriedMessage } from './parcel.js';

const failure = (attempt: number) => ({ attempt, failedAt: '2026-03-01T12:00:00.000Z', error: `TemporaryError: failure ${attempt} ção` });

function arrived({ text, headers, ...properties }: { text: string; headers?: unknown; messageId?: unknown; type?: unknown }): Message {
  return { content: Buffer.from(text), properties: { headers, ...properties }, fields: {} } as unknown as Message;
}

describe('the story of a message', () => {
  it.each<[string, Pick<CarriedMessage, 'crashes' | 'history'>, number]>([
    ['nothing yet', { crashes: 0, history: [] }, 1],
    ['a failure', { crashes: 0, history: [failure(1)] }, 2],
    ['two crashes', { crashes: 2, history: [] }, 3],
    ['a crash and a failure', { crashes: 1, history: [failure(2)] }, 3],
  ])('travels with it: %s', (_, story, attempt) => {
    const message = { text: '{"a":"🪙"}', messageId: 'id', type: 'photo.augment.v1', ...story };
    const carried = carriedIn(arrived(parcelOf(message)));
    expect(carried).toEqual(message);
    expect(nextAttempt(carried)).toBe(attempt);
  });

  it.each([
    ['no headers', undefined],
    ['crashes in words', { crashes: 'three' }],
    ['fewer crashes than none', { crashes: -1 }],
    ['half a crash', { crashes: 0.5 }],
    ['a history that is no JSON', { history: '[' }],
    ['a history of another shape', { history: '[{"attempt":"1"}]' }],
    ['a history that is no text', { history: 7 }],
    ['prototype keys', JSON.parse('{"__proto__":{"crashes":2}}')],
  ])('is taken for new with %s', (_, headers) => {
    const carried = carriedIn(arrived({ text: 'x', headers, messageId: 7, type: {} }));
    expect(carried).toEqual({ text: 'x', messageId: undefined, type: undefined, crashes: 0, history: [] });
  });
});

describe('a dead letter', () => {
  it('tells its whole story', () => {
    const message: CarriedMessage = { text: '{"n":1}', messageId: 'id', type: 'a.b.v1', crashes: 1, history: [] };
    const letter = letterOf({ queue: 'Q', cause: 'refused', reason: 'PermanentError: não', attempt: 2, history: [failure(2)], text: message.text });
    expect(letterIn('Q', arrived(parcelOfDead(message, letter)))).toEqual(letter);
  });

  it.each([
    ['delivery_limit', 'crashed the worker', /from Q as often as is allowed/],
    ['rejected', 'refused', /consumer of Q/],
    ['expired', 'attempts used up', /removed it from Q: expired/],
    ['maxlen', 'attempts used up', /removed it from Q: maxlen/],
  ])('that the broker made because of %s says so', (reason, cause, words) => {
    const headers = { crashes: 1, 'x-death': [{ reason, queue: 'Q', count: 1, exchange: '', 'routing-keys': ['Q'] }] };
    expect(letterIn('Q', arrived({ text: 'x', headers }))).toMatchObject({ cause, reason: expect.stringMatching(words), attempt: 2, text: 'x' });
  });

  it.each([
    ['nothing', undefined],
    ['a story of another shape', { 'x-death': 'rejected' }],
    ['an empty story', { 'x-death': [] }],
    ['a cause nobody knows', { cause: 'bad luck', reason: 'none', attempt: 1 }],
  ])('with %s was put there by hand', (_, headers) => {
    expect(letterIn('Q', arrived({ text: 'x', headers }))).toMatchObject({ cause: 'malformed', reason: 'put among the dead letters by hand', attempt: 1 });
  });
});
