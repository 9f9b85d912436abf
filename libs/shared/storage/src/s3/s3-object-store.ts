import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { SystemClock, TemporaryError, type Clock } from '@repo/kernel';
import type { Client } from 'minio';
import { ObjectDamagedError } from '../errors.js';
import { checkKey, checkLinkable, checkPrefix, isKey } from '../object-key.js';
import { ObjectStore, type Bucket, type ObjectSummary, type StoredObject } from '../object-store.js';
import { makeRoundTrip } from '../round-trip.js';
import { removeOldTemporaries } from '../temporary-objects.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { RetryBudget } from './retry-budget.js';
import { prepareBuckets } from './s3-buckets.js';
import { S3Calls } from './s3-calls.js';
import { S3Connection } from './s3-connection.js';
import { faultOf } from './s3-fault.js';

/** The most that S3 lists in one answer. */
const pageSize = 1_000;
/** A link's life when none is asked for. */
const standardLinkLifeS = 3_600;
const longestLinkStepS = 900;
/** The first, and one more when the server kept or sent something else. */
const integrityAttempts = 2;
/** Our own; every server keeps it, also those that know no checksum but the ETag. */
const checksumName = 'sha256';
/** An object never changes under its key; links are new each quarter of an hour anyway. */
const cacheControl = 'private, max-age=3600';

export interface S3ObjectStoreOptions {
  /** `http(s)://key:secret@host:port/region`, percent-encoded. */
  url: string;
  /** How browsers reach the server, `http(s)://host:port`; links are signed for it. Unset: as in `url`. */
  publicUrl?: string | undefined;
  /** A file with one line `key:secret`, read at the start and when the server denies us. Unset: as in `url`. */
  credentialsFile?: string | undefined;
  clock?: Clock;
  /** After this long a request's socket is destroyed. */
  timeoutMs?: number;
  /** No request of a call is begun that could end later than this. */
  deadlineMs?: number;
}

/** Objects on MinIO, Ceph or any other server that speaks S3. */
export class S3ObjectStore extends ObjectStore {
  private readonly logger = new Logger('objects');
  private readonly connection: S3Connection;
  private readonly calls: S3Calls;
  private readonly clock: Clock;
  private prepared: Promise<void> | undefined;

  /** Asks the server nothing yet. Throws an Error when a URL can't be used. */
  constructor({ url, publicUrl, credentialsFile, clock = new SystemClock(), timeoutMs = 10_000, deadlineMs = 3 * timeoutMs }: S3ObjectStoreOptions) {
    super();
    this.clock = clock;
    this.connection = new S3Connection({ url, publicUrl, credentialsFile, timeoutMs });
    const breaker = new CircuitBreaker({
      probe: () => this.probe(),
      failuresToOpen: 5,
      patienceMs: Math.min(1_000, timeoutMs),
      pauseMs: timeoutMs / 10,
      lost: (error) => this.logger.error({ msg: 'the object store does not answer', err: error }),
      back: () => this.logger.log({ msg: 'the object store answers again' }),
    });
    this.calls = new S3Calls({
      breaker,
      // A fifth more requests in the long run; a hundred more at once, which a short trouble may take.
      budget: new RetryBudget(0.2, 100),
      renewCredentials: () => this.connection.renewCredentials(),
      timeoutMs,
      deadlineMs,
      retryDelayMs: timeoutMs / 100,
    });
  }

  /**
   * Makes the buckets that are missing, private, and lets what lies in `temp` go after a day. Done once; every
   * other call waits for it. Throws TemporaryError and AccessDeniedError; the next call tries again.
   */
  prepare(): Promise<void> {
    this.prepared ??= prepareBuckets(this.connection, this.calls).catch((error: unknown) => {
      this.prepared = undefined;
      throw error;
    });
    return this.prepared;
  }

  async put(bucket: Bucket, key: string, body: Buffer, contentType: string): Promise<StoredObject> {
    checkKey(key);
    const sha256 = createHash('sha256').update(body).digest();
    const hex = sha256.toString('hex');
    const headers = {
      'content-type': contentType,
      'content-length': body.length,
      'cache-control': cacheControl,
      'x-amz-checksum-sha256': sha256.toString('base64'),
      [`x-amz-meta-${checksumName}`]: hex,
    };
    for (let attempt = 1; attempt <= integrityAttempts; attempt++) {
      const { headers: answered } = await this.ask(`put ${bucket}/${key}`, (client) =>
        drained(client.makeRequestStreamAsync({ method: 'PUT', bucketName: bucket, objectName: key, headers: { ...headers } }, body, hex, [200], '')),
      );
      const etag = withoutQuotes(answered.etag);
      if (await this.isKept(bucket, key, body, sha256, { etag, checksum: answered['x-amz-checksum-sha256'] })) {
        return { key, bytes: body.length, sha256: hex, etag };
      }
      this.logger.warn({ msg: 'the object store kept something else than what was put', bucket, key, attempt });
      await this.remove(bucket, key);
    }
    throw new ObjectDamagedError(`The object store keeps something else under ${bucket}/${key} than what was put`);
  }

  async get(bucket: Bucket, key: string): Promise<Buffer | undefined> {
    checkKey(key);
    for (let attempt = 1; attempt <= integrityAttempts; attempt++) {
      const received = await this.receive(bucket, key);
      if (!received) {
        return undefined;
      }
      if (received.actualSha256 === received.expectedSha256) {
        return received.body;
      }
      this.logger.warn({ msg: 'an object came altered', bucket, key, attempt });
    }
    throw new TemporaryError(`${bucket}/${key} comes altered`);
  }

  async head(bucket: Bucket, key: string): Promise<StoredObject | undefined> {
    checkKey(key);
    const answer = await this.askFor(`head ${bucket}/${key}`, (client) => drained(client.makeRequestAsync({ method: 'HEAD', bucketName: bucket, objectName: key })));
    return answer && { key, bytes: Number(answer.headers['content-length']), sha256: checksumOf(answer, bucket, key), etag: withoutQuotes(answer.headers.etag) };
  }

  async remove(bucket: Bucket, key: string): Promise<void> {
    checkKey(key);
    await this.askFor(`remove ${bucket}/${key}`, (client) => client.removeObject(bucket, key));
  }

  async *list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary> {
    checkPrefix(prefix);
    for (let last = ''; ; ) {
      const { objects, isTruncated } = await this.ask(`list ${bucket}/${prefix}`, (client) => client.listObjectsV2Query(bucket, prefix, '', '', pageSize, last));
      for (const { name, size, lastModified } of objects) {
        if (name !== undefined && isKey(name)) {
          yield { key: name, bytes: size, modifiedAt: lastModified };
        }
      }
      const end = objects.at(-1)?.name;
      if (!isTruncated || end === undefined) {
        return;
      }
      last = end;
    }
  }

  async signedUrl(bucket: Bucket, key: string, expiresInS = standardLinkLifeS): Promise<string> {
    checkLinkable(bucket);
    checkKey(key);
    const stepS = Math.max(1, Math.min(longestLinkStepS, Math.floor(expiresInS / 4)));
    const signedAt = new Date(Math.floor(this.clock.now().getTime() / 1_000 / stepS) * stepS * 1_000);
    return (await this.connection.outside()).presignedUrl('GET', bucket, key, expiresInS, {}, signedAt);
  }

  roundTrip(timeoutMs: number): Promise<void> {
    return makeRoundTrip(this, timeoutMs);
  }

  /** As the server does by itself, on servers that are slow to. */
  sweep(): Promise<void> {
    return removeOldTemporaries(this, this.clock.now());
  }

  /** Of whatever may be missing. */
  private async askFor<T>(what: string, request: (client: Client) => Promise<T>): Promise<T | undefined> {
    await this.prepare();
    return this.calls.call(what, async () => request(await this.connection.inside()));
  }

  /** Of what can't be missing. */
  private async ask<T>(what: string, request: (client: Client) => Promise<T>): Promise<T> {
    const answer = await this.askFor(what, request);
    if (answer === undefined) {
      throw new TemporaryError(`The object store could not ${what}`);
    }
    return answer;
  }

  private async receive(bucket: Bucket, key: string): Promise<{ body: Buffer; actualSha256: string; expectedSha256: string } | undefined> {
    return this.askFor(`get ${bucket}/${key}`, async (client) => {
      const answer = await client.makeRequestAsync({ method: 'GET', bucketName: bucket, objectName: key });
      const chunks: Buffer[] = [];
      const hash = createHash('sha256');
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        hash.update(chunk);
      }
      return { body: Buffer.concat(chunks), actualSha256: hash.digest('hex'), expectedSha256: checksumOf(answer, bucket, key) };
    });
  }

  /** A checksum that the server answers decides; an ETag proves only when it is the MD5; else the bytes themselves do. */
  private async isKept(bucket: Bucket, key: string, body: Buffer, sha256: Buffer, answered: { etag: string; checksum: unknown }): Promise<boolean> {
    if (typeof answered.checksum === 'string') {
      return answered.checksum === sha256.toString('base64');
    }
    if (answered.etag === createHash('md5').update(body).digest('hex')) {
      return true;
    }
    return (await this.receive(bucket, key))?.actualSha256 === sha256.toString('hex');
  }

  private async probe(): Promise<void> {
    try {
      await (await this.connection.inside()).bucketExists('temp');
    } catch (error) {
      if (faultOf(error) === 'down') {
        throw error;
      }
    }
  }
}

async function drained(answer: Promise<IncomingMessage>): Promise<IncomingMessage> {
  for await (const _ of await answer) {
    // The connection is free for the next request only when this one's answer was read to its end.
  }
  return answer;
}

function withoutQuotes(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '');
}

/** Throws ObjectDamagedError for an object that this platform did not put. */
function checksumOf({ headers }: IncomingMessage, bucket: Bucket, key: string): string {
  const checksum = headers[`x-amz-meta-${checksumName}`];
  if (typeof checksum !== 'string') {
    throw new ObjectDamagedError(`${bucket}/${key} is no whole object of this store`);
  }
  return checksum;
}
