import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { AccessDeniedError } from '@repo/kernel';
import type { Client } from 'minio';
import type { Bucket } from '../object-store.js';
import type { S3Calls } from './s3-calls.js';
import type { S3Connection } from './s3-connection.js';
import { S3Refusal } from './s3-fault.js';

const buckets = ['original', 'processed', 'models', 'temp'] as const satisfies readonly Bucket[];

const temporaryLife = { ID: 'temporary-objects-go-after-a-day', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } };

const logger = new Logger('objects');

/**
 * Makes the buckets that are missing, takes public access away, and has the server remove what lies in `temp`
 * for a day. Several processes may do so at once. Throws TemporaryError and AccessDeniedError.
 */
export async function prepareBuckets(connection: S3Connection, calls: S3Calls): Promise<void> {
  const ask = <T>(what: string, request: (client: Client) => Promise<T>) => calls.call(what, async () => request(await connection.inside()));
  await Promise.all(buckets.map((bucket) => prepareBucket(ask, bucket, connection.region)));
  await ifAllowed('the life of temporary objects could not be set', async () => {
    const present = await ask('read the life of temporary objects', (client) => client.getBucketLifecycle('temp'));
    if (!JSON.stringify(present ?? {}).includes(temporaryLife.ID)) {
      await ask('set the life of temporary objects', (client) => client.setBucketLifecycle('temp', { Rule: [temporaryLife] }));
    }
  });
}

type Ask = <T>(what: string, request: (client: Client) => Promise<T>) => Promise<T | undefined>;

async function prepareBucket(ask: Ask, bucket: Bucket, region: string): Promise<void> {
  if (!(await ask(`look for bucket ${bucket}`, (client) => client.bucketExists(bucket)))) {
    await ask(`make bucket ${bucket}`, (client) => makeBucket(client, bucket, region));
  }
  await ifAllowed(`bucket ${bucket} could not be made private`, async () => {
    const policy = await ask(`read the policy of ${bucket}`, (client) => client.getBucketPolicy(bucket));
    if (policy !== undefined && isPublic(policy)) {
      // The driver's own method takes 204 alone; Ceph answers 200.
      await ask(`remove the policy of ${bucket}`, (client) => client.makeRequestAsyncOmit({ method: 'DELETE', bucketName: bucket, query: 'policy' }, '', [200, 204]));
      logger.warn({ msg: 'took away a policy that made a bucket public', bucket });
    }
    const access = await ask(`read the access list of ${bucket}`, (client) => readAccessList(client, bucket));
    if (access?.includes(anybody)) {
      await ask(`make bucket ${bucket} private`, (client) => client.makeRequestAsyncOmit({ method: 'PUT', bucketName: bucket, query: 'acl', headers: { 'x-amz-acl': 'private' } }));
      logger.warn({ msg: 'took away an access list that made a bucket public', bucket });
    }
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

/** Of S3's groups one is everybody, another everybody who has an account of any kind. */
const anybody = 'http://acs.amazonaws.com/groups/global/';

/** Empty on servers that know none: their buckets are public by policies alone. */
async function readAccessList(client: Client, bucket: Bucket): Promise<string> {
  try {
    return await text(await client.makeRequestAsync({ method: 'GET', bucketName: bucket, query: 'acl' }));
  } catch (error) {
    if (error instanceof S3Refusal && (error.status === 501 || error.status === 405)) {
      return '';
    }
    throw error;
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
