import { describe, expect, it } from 'vitest';
import { redact, redactText } from './redact.js';

describe('redactText', () => {
  it.each([
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [hidden]'],
    ['basic dXNlcjpwYXNz==', 'basic [hidden]'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln was refused', 'token [hidden] was refused'],
    ['GET /api/objects/original/a.jpg?expires=1&signature=Zm9v&x=1', 'GET /api/objects/original/a.jpg?expires=1&signature=[hidden]&x=1'],
    ['connect postgres://app:s3cr3t@127.0.0.1:5432/collection failed', 'connect postgres://app:[hidden]@127.0.0.1:5432/collection failed'],
    ['postgres://app:p@ss@db/collection', 'postgres://app:[hidden]@db/collection'],
    ['ana.maria+moedas@example.com.br signed in', '[e-mail] signed in'],
    ['host=db password=s3cr3t user=app', 'host=db password=[hidden] user=app'],
    ['nothing to hide: 12:30, a/b, key = value', 'nothing to hide: 12:30, a/b, key = value'],
  ])('makes "%s" into "%s"', (text, expected) => expect(redactText(text)).toBe(expected));

  it('cuts what is too long', () => {
    expect(redactText('x'.repeat(50_000))).toHaveLength(10_001);
  });

  it('takes no long over hostile texts', () => {
    const startedAt = performance.now();
    for (const text of ['a'.repeat(10_000), 'a.'.repeat(5_000), '@'.repeat(10_000), `x://${':'.repeat(10_000)}`, 'eyJ'.repeat(3_000), 'bearer '.repeat(1_400)]) {
      redactText(text);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('redact', () => {
  it.each(['password', 'senha', 'passwordHash', 'OC_JWT_SECRET', 'accessToken', 'x-api-key', 'Authorization', 'set-cookie', 'signature', 'email', 'ownerEmail', 'userEMail'])(
    'hides what lies under %s',
    (key) => expect(redact({ outer: [{ [key]: 'visible' }] })).toEqual({ outer: [{ [key]: '[hidden]' }] }),
  );

  it('keeps what is harmless', () => {
    const harmless = { queue: 'ModelTraining', attempts: 3, ok: true, nothing: null, list: ['a', 1], when: '2026-03-01' };
    expect(redact(harmless)).toEqual(harmless);
  });

  it('keeps of an error its name, message, stack, code and cause, and nothing that hangs on it', () => {
    const cause = Object.assign(new Error('connect postgres://a:b@h/d'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('no answer', { cause }), { client: { password: 'visible' } });
    const copied = redact(error) as Record<string, unknown>;
    expect(Object.keys(copied)).toEqual(['type', 'message', 'stack', 'cause']);
    expect(copied.cause).toMatchObject({ code: 'ECONNREFUSED', message: 'connect postgres://a:[hidden]@h/d' });
  });

  it.each([
    ['great depth', () => JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown],
    ['a large buffer', () => Buffer.alloc(1_000_000)],
    ['a bigint', () => 10n],
    ['a function', () => () => 'text'],
    ['a symbol', () => Symbol('s')],
    ['an invalid date', () => new Date(Number.NaN)],
    ['a thousand entries', () => Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n]))],
  ])('copes with %s', (_, make) => {
    expect(JSON.stringify(redact({ value: make() })).length).toBeLessThan(5_000);
  });

  it('copes with an object that holds itself', () => {
    const self: Record<string, unknown> = { name: 'a' };
    self.self = self;
    expect(redact(self)).toEqual({ name: 'a', self: '[…]' });
  });
});
