import { Logger } from '@nestjs/common';
import { AccessDeniedError } from '@repo/kernel';
import type { Client } from 'minio';
import type { Bucket } from '../object-store.js';
import type { S3Calls } from './s3-calls.js';
import type { S3Connection } from './s3-connection.js';
import { S3Refusal } from './s3-fault.js';

const buckets = ['original', 'processed', 'models', 'temp'] as const satisfies readonly Bucket[];

const logger = new Logger('objects');

/**
 * Makes the buckets that are missing, takes public access away, and has the server remove what lies in `temp`
 * for a day. Several processes may do so at once. Throws TemporaryError and AccessDeniedError.
 */
export async function prepareBuckets(connection: S3Connection, calls: S3Calls): Promise<void> {
  const ask = <T>(what: string, request: (client: Client) => Promise<T>) => calls.call(what, async () => request(await connection.inside()));
  await Promise.all(buckets.map((bucket) => prepareBucket(ask, bucket, connection.region)));
  await ifAllowed('the life of temporary objects could not be set', () =>
    ask('set the life of temporary objects', (client) =>
      client.setBucketLifecycle('temp', { Rule: [{ ID: 'temporary', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }] }),
    ),
  );
}

type Ask = <T>(what: string, request: (client: Client) => Promise<T>) => Promise<T | undefined>;

async function prepareBucket(ask: Ask, bucket: Bucket, region: string): Promise<void> {
  if (!(await ask(`look for bucket ${bucket}`, (client) => client.bucketExists(bucket)))) {
    await ask(`make bucket ${bucket}`, (client) => makeBucket(client, bucket, region));
  }
  await ifAllowed(`bucket ${bucket} could not be made private`, async () => {
    const policy = await ask(`read the policy of ${bucket}`, (client) => client.getBucketPolicy(bucket));
    if (policy !== undefined && isPublic(policy)) {
      await ask(`remove the policy of ${bucket}`, (client) => client.setBucketPolicy(bucket, ''));
      logger.warn({ msg: 'took away a policy that made a bucket public', bucket });
    }
    await ask(`make bucket ${bucket} private`, (client) => makePrivate(client, bucket));
  });
}

/** True when the policy lets anybody do anything. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html */
export function isPublic(policy: string): boolean {
  const { Statement: statements = [] } = JSON.parse(policy) as { Statement?: PolicyStatement | PolicyStatement[] };
  return [statements].flat().some(({ Effect: effect, Principal: principal }) => effect === 'Allow' && namesAnybody(principal));
}

interface PolicyStatement {
  Effect?: string;
  Principal?: string | Record<string, string | string[]>;
}

function namesAnybody(principal: PolicyStatement['Principal']): boolean {
  return typeof principal === 'string' ? principal === '*' : Object.values(principal ?? {}).flat().includes('*');
}

/** Another process may have made it just now. */
async function makeBucket(client: Client, bucket: Bucket, region: string): Promise<void> {
  try {
    await client.makeBucket(bucket, region);
  } catch (error) {
    if (!(error instanceof S3Refusal && error.status === 409 && (await client.bucketExists(bucket)))) {
      throw error;
    }
  }
}

/** Some servers know no access lists: their buckets are public by policies alone. */
async function makePrivate(client: Client, bucket: Bucket): Promise<void> {
  try {
    await client.makeRequestAsyncOmit({ method: 'PUT', bucketName: bucket, query: 'acl', headers: { 'x-amz-acl': 'private' } });
  } catch (error) {
    if (!(error instanceof S3Refusal && ['AccessControlListNotSupported', 'NotImplemented', 'MethodNotAllowed'].includes(error.code))) {
      throw error;
    }
  }
}

/** Credentials that may only read and write objects do for the rest; buckets are somebody else's care then. */
async function ifAllowed(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) {
      throw error;
    }
    logger.warn({ msg: what, err: error });
  }
}
