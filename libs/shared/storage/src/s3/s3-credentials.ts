import { readFile } from 'node:fs/promises';
import { TemporaryError } from '@repo/kernel';
import type { S3Credentials } from './s3-address.js';

/** Where requests get what they are signed with, and where a refused one gets it afresh. */
export type CredentialsSource = () => Promise<S3Credentials>;

/**
 * The credentials of `file`, one line `key:secret`, where one is named; else those of the URL.
 * The source throws TemporaryError while the file can't be read: somebody may be writing it anew.
 * Throws an Error when neither names any.
 */
export function credentialsSource(file: string | undefined, ofUrl: S3Credentials | undefined): CredentialsSource {
  if (file !== undefined) {
    return () => readCredentials(file);
  }
  if (!ofUrl) {
    throw new Error('The URL of an object store must name key and secret: http(s)://key:secret@host:port/region');
  }
  return async () => ofUrl;
}

async function readCredentials(file: string): Promise<S3Credentials> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TemporaryError('The file of the object store\'s credentials can not be read', { cause });
  });
  const [, accessKey, secretKey] = /^([^:\s]+):(\S+)\s*$/.exec(text) ?? [];
  if (!accessKey || !secretKey) {
    throw new TemporaryError('The file of the object store\'s credentials must hold one line, key:secret');
  }
  return { accessKey, secretKey };
}
