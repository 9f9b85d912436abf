import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { User } from '@repo/identity-domain';
import { newId, type Clock, type UserId } from '@repo/kernel';
import jwt from 'jsonwebtoken';
import { expect, it } from 'vitest';
import { AccessTokens } from './access-tokens.js';
import { AuthSettings } from './auth-settings.js';

const secret = 'a-secret-of-more-than-32-characters-for-tests';
const now = { time: Date.parse('2026-05-04T12:00:00Z') };
const clock: Clock = { now: () => new Date(now.time) };
const tokens = new AccessTokens(new AuthSettings(secret, 15), clock);
const ana = { id: newId<UserId>(), email: 'ana@example.org', provider: 'local', role: 'user' } as User;
const nowS = now.time / 1_000;

const good = { sub: ana.id, iat: nowS, exp: nowS + 900, iss: 'ocolecionador', aud: 'ocolecionador-api', jti: 'x' };
const signed = (changes: object, key: string = secret, algorithm: jwt.Algorithm = 'HS256') => jwt.sign({ ...good, ...changes }, key, { algorithm });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Any header and payload under an HS256 signature. */
const forged = (header: object, payload: object = good, key = secret) => {
  const text = `${part({ typ: 'JWT', ...header })}.${part(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};
const hs256 = { alg: 'HS256' };
const without = (claim: keyof typeof good) => forged(hs256, { ...good, [claim]: undefined });
const flipped = (token: string, at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);

it('reads what it issued', () => expect(tokens.read(tokens.issue(ana))).toBe(ana.id));

it('issues all claims, and never the same token twice', () => {
  const first = jwt.decode(tokens.issue(ana)) as jwt.JwtPayload;
  expect(first).toMatchObject({ sub: ana.id, email: ana.email, provider: 'local', role: 'user', iat: nowS, exp: nowS + 900, iss: 'ocolecionador', aud: 'ocolecionador-api' });
  expect((jwt.decode(tokens.issue(ana)) as jwt.JwtPayload).jti).not.toBe(first.jti);
});

it.each(['google_OC_', 'local_OC_', 'github_OC_'])('takes the prefix %s off', (prefix) => {
  expect(tokens.read(prefix + tokens.issue(ana))).toBe(ana.id);
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });

it.each<[name: string, token: () => string]>([
  ['nothing', () => ''],
  ['no token', () => 'nonsense'],
  ['no signature, algorithm none', () => `${part({ alg: 'none', typ: 'JWT' })}.${part(good)}.`],
  ['our signature, algorithm none', () => forged({ alg: 'none' })],
  ['HS512 with our key', () => signed({}, secret, 'HS512')],
  ['RS256 with a key of its own', () => jwt.sign(good, rsa.privateKey, { algorithm: 'RS256' })],
  ['a header that says RS256 over an HS256 signature', () => forged({ alg: 'RS256' })],
  ['HS256 with a public key as secret', () => forged(hs256, good, rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string)],
  ['another secret', () => signed({}, 'another-secret-of-more-than-32-characters')],
  ['its own key in the header', () => forged({ ...hs256, jwk: { kty: 'oct', k: 'YXR0YWNrZXI' } }, good, 'attacker')],
  ['its key by URL', () => forged({ ...hs256, jku: 'https://attacker.example/keys', x5u: 'https://attacker.example/x' }, good, 'attacker')],
  ['a key id that is a path to nothing', () => forged({ ...hs256, kid: '../../dev/null' }, good, '')],
  ['expired a second ago', () => signed({ exp: nowS - 1 })],
  ['not valid yet', () => signed({ nbf: nowS + 60 })],
  ['for another audience', () => signed({ aud: 'another-api' })],
  ['from another issuer', () => signed({ iss: 'another' })],
  ['of something that is no id', () => signed({ sub: 'admin' })],
  ...(['sub', 'iat', 'exp', 'iss', 'aud', 'jti'] as const).map((claim): [string, () => string] => [`without ${claim}`, () => without(claim)]),
  ['a payload that is text', () => jwt.sign('text', secret)],
  ['one character changed in the payload', () => { const token = tokens.issue(ana); return flipped(token, token.indexOf('.') + 20); }],
  ['one character changed in the signature', () => { const token = tokens.issue(ana); return flipped(token, token.lastIndexOf('.') + 5); }],
  ['100 kB', () => signed({ padding: 'x'.repeat(100_000) })],
  ['an unknown prefix', () => `other_OC_${tokens.issue(ana)}`],
])('refuses %s, without saying why', (_, token) => {
  expect(() => tokens.read(token())).toThrow(/^Sign in first/);
});

it('refuses a token when its time is over', () => {
  const token = tokens.issue(ana);
  now.time += 899_000;
  expect(tokens.read(token)).toBe(ana.id);
  now.time += 2_000;
  expect(() => tokens.read(token)).toThrow();
});
