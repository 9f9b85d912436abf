import { Controller, Get, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { SystemClock } from '@repo/kernel';
import { OpenToAll } from '@repo/observability';
import type { Response } from 'express';
import { LinkExpiredError, ObjectNotFoundError } from '../errors.js';
import { linkableBuckets } from '../object-key.js';
import { DiskObjectStore, type ObjectFile } from './disk-object-store.js';

/** Serves what a signed link names. The signature stands in for a sign-in, so that `<img>` can use it. */
@Controller('objects')
@OpenToAll()
export class DiskObjectsController {
  private readonly clock = new SystemClock();

  constructor(private readonly store: DiskObjectStore) {}

  @Get(':bucket/*key')
  async send(
    @Param('bucket') bucketName: string,
    @Param('key') segments: string[],
    @Query('expires') expires: unknown,
    @Query('signature') signature: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const key = segments.join('/');
    const bucket = linkableBuckets.find((linkable) => linkable === bucketName);
    if (!bucket) {
      throw new LinkExpiredError();
    }
    const remainingS = this.store.links.verify(bucket, key, expires, signature, this.clock.now());
    const file = await this.store.file(bucket, key);
    if (!file) {
      throw new ObjectNotFoundError(key);
    }
    await sendFile(response, key, file, headersFor(key, file, remainingS));
  }
}

function headersFor(key: string, { facts }: ObjectFile, remainingS: number): Record<string, string> {
  // Keys are plain letters, digits, dots and dashes, so their last segment is a safe file name as it is.
  const name = key.slice(key.lastIndexOf('/') + 1);
  return {
    'Content-Type': facts.contentType,
    'Content-Disposition': `inline; filename="${name}"`,
    'Cache-Control': `private, max-age=${remainingS}`,
    // Whoever has the link may show the picture, also on a page of another origin.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    ETag: `"${facts.etag}"`,
  };
}

/**
 * Answers ranges and `If-None-Match` as Express does for files, for the object's part of the file alone.
 * Throws ObjectNotFoundError when the object goes away in between.
 */
async function sendFile(response: Response, key: string, { root, facts }: ObjectFile, headers: Record<string, string>): Promise<void> {
  if (facts.bytes === 0) {
    response.set(headers).end();
    return;
  }
  const options = { root, end: facts.bytes - 1, headers, cacheControl: false, lastModified: false, etag: false };
  await new Promise<void>((resolve, reject) => {
    response.sendFile(key, options, (error?: Error & { status?: number }) => {
      if (!error || response.headersSent) {
        resolve(); // sent, or cut off by whoever asked for it
      } else if (error.status === HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE) {
        response.status(error.status).set({ 'Content-Range': `bytes */${facts.bytes}`, 'Cache-Control': 'no-store' }).end();
        resolve();
      } else {
        reject(new ObjectNotFoundError(key));
      }
    });
  });
}
