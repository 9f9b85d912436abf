import type { PhotoContentType } from './photo-gate.js';

export type PhotoFormat = 'jpeg' | 'png' | 'webp';

export const photoTypes: Record<PhotoFormat, { contentType: PhotoContentType; extension: 'jpg' | 'png' | 'webp' }> = {
  jpeg: { contentType: 'image/jpeg', extension: 'jpg' },
  png: { contentType: 'image/png', extension: 'png' },
  webp: { contentType: 'image/webp', extension: 'webp' },
};

/** The format by its first bytes alone: names and content types are the sender's word. */
export function recogniseFormat(bytes: Buffer): PhotoFormat | undefined {
  if (startsWith(bytes, 'ffd8ff')) {
    return 'jpeg';
  }
  if (startsWith(bytes, '89504e470d0a1a0a')) {
    return 'png';
  }
  return textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 12) === 'WEBP' ? 'webp' : undefined;
}

/** What an unsupported file looks like, in words for its sender. */
export function describeUnsupported(bytes: Buffer): string {
  const brand = textAt(bytes, 4, 8) === 'ftyp' ? textAt(bytes, 8, 12) : '';
  if (/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/.test(brand)) {
    return 'HEIC: set the camera to "most compatible" or convert it';
  }
  if (/^avi[fs]$/.test(brand)) {
    return 'AVIF';
  }
  if (brand) {
    return 'a video';
  }
  const binary = signatures.find(([prefix]) => startsWith(bytes, prefix));
  if (binary) {
    return binary[1];
  }
  const beginning = bytes.subarray(0, 1_000).toString('latin1');
  if (/<svg[\s>]/i.test(beginning)) {
    return 'SVG';
  }
  if (/^\W*<(!doctype|html|\?xml)/i.test(beginning)) {
    return 'HTML or XML';
  }
  return isText(beginning) ? 'text' : 'of an unknown kind';
}

const signatures: readonly (readonly [hexPrefix: string, name: string])[] = [
  ['47494638', 'GIF'],
  ['25504446', 'PDF'],
  ['49492a00', 'TIFF or a camera\'s raw format'],
  ['4d4d002a', 'TIFF or a camera\'s raw format'],
  ['424d', 'BMP'],
  ['0000000c6a502020', 'JPEG 2000'],
  ['0000000c4a584c20', 'JPEG XL'],
  ['ff0a', 'JPEG XL'],
  ['38425053', 'PSD'],
  ['00000100', 'an icon file'],
  ['2521', 'PostScript'],
  ['504b0304', 'a ZIP archive'],
  ['1f8b', 'a gzip archive'],
];

/** True for WebP with its animation flag set and PNG with an `acTL` chunk before its picture (APNG). */
export function isAnimated(bytes: Buffer, format: PhotoFormat): boolean {
  if (format === 'webp') {
    return textAt(bytes, 12, 16) === 'VP8X' && ((bytes[20] ?? 0) & 0b10) !== 0;
  }
  return format === 'png' && hasAnimationChunk(bytes);
}

function hasAnimationChunk(png: Buffer): boolean {
  // A chunk is its length (4 bytes), its type (4), that many bytes, and a checksum (4).
  for (let at = 8; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const type = textAt(png, at + 4, at + 8);
    if (type === 'acTL') {
      return true;
    }
    if (type === 'IDAT') {
      return false;
    }
  }
  return false;
}

function startsWith(bytes: Buffer, hexPrefix: string): boolean {
  return bytes.subarray(0, hexPrefix.length / 2).toString('hex') === hexPrefix;
}

function textAt(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

function isText(beginning: string): boolean {
  return !/[\x00-\x08\x0e-\x1f]/.test(beginning);
}
