import { expect, it } from 'vitest';
import { describeUnsupported, isAnimated, recogniseFormat } from './photo-format.js';

it.each([
  ['ffd8ffe0', 'jpeg'],
  ['89504e470d0a1a0a', 'png'],
  ['524946460000000057454250', 'webp'],
  ['52494646000000005741564520', undefined], // a WAV file
  ['ffd8', undefined],
  ['', undefined],
])('recognises %s as %s', (hex, format) => expect(recogniseFormat(Buffer.from(hex, 'hex'))).toBe(format));

it.each([
  [Buffer.from('\0\0\0\x18ftypheic'), /^HEIC/],
  [Buffer.from('\0\0\0\x18ftypavif'), /^AVIF$/],
  [Buffer.from('\0\0\0\x18ftypisom'), /video/],
  [Buffer.from('GIF89a'), /^GIF$/],
  [Buffer.from('%PDF-1.7'), /^PDF$/],
  [Buffer.from('\n<?xml version="1.0"?>\n<!-- a drawing --><svg viewBox="0 0 1 1">'), /^SVG$/],
  [Buffer.from('<!DOCTYPE html><p>'), /^HTML or XML$/],
  [Buffer.from('hello, I am no photo'), /^text$/],
  [Buffer.from([1, 2, 3, 4]), /unknown/],
])('names what can\'t be taken: %#', (bytes, name) => expect(describeUnsupported(bytes)).toMatch(name));

it('does not follow a PNG chunk whose length leads nowhere', () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('ffffffff', 'hex'), Buffer.from('junk')]);
  expect(isAnimated(png, 'png')).toBe(false);
});
