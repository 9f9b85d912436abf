import { InvalidInputError } from '@repo/kernel';
import { describe, expect, it } from 'vitest';
import { LinkExpiredError } from '../errors.js';
import type { Bucket } from '../object-store.js';
import { LinkSigner } from './link-signer.js';

const signer = new LinkSigner('https://collection.example/', 'a secret of thirty-two characters');
const noon = new Date('2026-03-01T12:00:00Z');
const after = (seconds: number) => new Date(noon.getTime() + seconds * 1_000);

function partsOf(link: string) {
  const url = new URL(link);
  const [, , , bucket, ...key] = url.pathname.split('/');
  return { bucket: bucket!, key: key.join('/'), expires: url.searchParams.get('expires'), signature: url.searchParams.get('signature') };
}

describe('LinkSigner', () => {
  it('makes links below the public address, which verify until they end', () => {
    const link = signer.link('original', 'item/a/b.jpg', 3_600, noon);
    expect(link).toMatch(/^https:\/\/collection\.example\/api\/objects\/original\/item\/a\/b\.jpg\?expires=\d+&signature=[\w-]{43}$/);
    const { bucket, key, expires, signature } = partsOf(link);
    expect(signer.verify(bucket, key, expires, signature, noon)).toBe(3_600);
    expect(signer.verify(bucket, key, expires, signature, after(3_599))).toBe(1);
    expect(() => signer.verify(bucket, key, expires, signature, after(3_600))).toThrow(LinkExpiredError);
  });

  it('gives the same link for a quarter of an hour, and at least the life that was asked for', () => {
    const links = [1, 100, 899, 900].map((seconds) => signer.link('original', 'a.jpg', 3_600, after(seconds)));
    expect(new Set(links).size).toBe(1);
    expect(signer.link('original', 'a.jpg', 3_600, after(901))).not.toBe(links[0]);
    const { bucket, key, expires, signature } = partsOf(links[0]!);
    expect(signer.verify(bucket, key, expires, signature, after(900))).toBe(3_600);
    expect(signer.verify(bucket, key, expires, signature, after(1))).toBe(4_499);
  });

  const good = partsOf(signer.link('original', 'item/a.jpg', 3_600, noon));
  it.each([
    ['another key', { key: 'item/b.jpg' }],
    ['another bucket', { bucket: 'temp' }],
    ['a later end', { expires: String(Number(good.expires) + 900) }],
    ['an end that is no number', { expires: 'NaN' }],
    ['no end', { expires: undefined }],
    ['two ends', { expires: [good.expires, good.expires] }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['a signature of other length', { signature: `${good.signature}A` }],
    ['a signature with one character changed', { signature: good.signature!.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) }],
    ['a signature that is a list', { signature: [good.signature] }],
    ['the border between key and end moved', { key: `item/a.jpg\n${good.expires}`, expires: '' }],
  ])('refuses %s', (_, changes) => {
    const { bucket, key, expires, signature } = { ...good, ...changes } as Record<string, unknown>;
    expect(() => signer.verify(bucket as string, key as string, expires, signature, noon)).toThrow(LinkExpiredError);
  });

  it('refuses what another secret has signed', () => {
    const { bucket, key, expires, signature } = partsOf(new LinkSigner('https://x', 'another secret of 32 characters!!').link('original', 'a.jpg', 60, noon));
    expect(() => signer.verify(bucket, key, expires, signature, noon)).toThrow(LinkExpiredError);
  });

  it.each<[Bucket, string]>([
    ['models', 'v1/model.onnx'],
    ['original', '../models/v1/model.onnx'],
  ])('makes no link to %s %s', (bucket, key) => {
    expect(() => signer.link(bucket, key, 60, noon)).toThrow(InvalidInputError);
  });
});
