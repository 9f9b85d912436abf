import { InvalidInputError } from '@repo/kernel';
import type { Bucket } from './object-store.js';

/** Buckets whose objects may be shown by a link; models are for the platform alone. */
export const linkableBuckets = ['original', 'processed', 'temp'] as const satisfies readonly Bucket[];
export type LinkableBucket = (typeof linkableBuckets)[number];

const maxKeyLength = 500;
const maxSegmentLength = 200;
// Plain letters, digits, dot, dash and underscore mean the same in a file name, a URL and a header.
const segmentForm = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any extension.
const windowsDevice = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether the platform could have made it: see `checkKey`. */
export function isKey(text: string): boolean {
  return text.length <= maxKeyLength && text.split('/').every(isSafeSegment);
}

/**
 * Checks a key: 1 to 500 characters, segments of 1 to 200 letters, digits, `.`, `_` and `-` that begin with
 * no dot and end with none, and are no device name of Windows. Throws InvalidInputError.
 */
export function checkKey(key: string): void {
  if (!isKey(key)) {
    throw new InvalidInputError(`An object key must be a relative path of plain names, got "${key.slice(0, 100)}"`);
  }
}

/** Checks what keys may begin with; the last segment may be cut off anywhere. Throws InvalidInputError. */
export function checkPrefix(prefix: string): void {
  checkKey(`${prefix}x`);
}

/** Throws InvalidInputError for a bucket that is never shown by a link. */
export function checkLinkable(bucket: Bucket): asserts bucket is LinkableBucket {
  if (!linkableBuckets.some((linkable) => linkable === bucket)) {
    throw new InvalidInputError(`Objects of the bucket ${bucket} have no links`);
  }
}

function isSafeSegment(segment: string): boolean {
  return segment.length <= maxSegmentLength && segmentForm.test(segment) && !segment.endsWith('.') && !windowsDevice.test(segment);
}
