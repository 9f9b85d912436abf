import { createHash } from 'node:crypto';
import { checkKey, checkLinkable, checkPrefix } from '../object-key.js';
import { ObjectStore, type Bucket, type ObjectSummary, type StoredObject } from '../object-store.js';

interface Kept {
  body: Buffer;
  modifiedAt: Date;
}

/** For tests of what stores and reads objects: the rules of every store, and nothing that lasts. */
export class InMemoryObjectStore extends ObjectStore {
  private readonly objects = new Map<string, Kept>();

  async put(bucket: Bucket, key: string, body: Buffer, _contentType: string): Promise<StoredObject> {
    checkKey(key);
    this.objects.set(`${bucket}/${key}`, { body: Buffer.from(body), modifiedAt: new Date() });
    return describeObject(key, body);
  }

  async get(bucket: Bucket, key: string): Promise<Buffer | undefined> {
    checkKey(key);
    const kept = this.objects.get(`${bucket}/${key}`);
    return kept && Buffer.from(kept.body);
  }

  async head(bucket: Bucket, key: string): Promise<StoredObject | undefined> {
    const body = await this.get(bucket, key);
    return body && describeObject(key, body);
  }

  async remove(bucket: Bucket, key: string): Promise<void> {
    checkKey(key);
    this.objects.delete(`${bucket}/${key}`);
  }

  async *list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary> {
    checkPrefix(prefix);
    const names = [...this.objects.keys()].filter((name) => name.startsWith(`${bucket}/${prefix}`)).sort();
    for (const name of names) {
      const kept = this.objects.get(name);
      if (kept) {
        yield { key: name.slice(bucket.length + 1), bytes: kept.body.length, modifiedAt: kept.modifiedAt };
      }
    }
  }

  async signedUrl(bucket: Bucket, key: string): Promise<string> {
    checkLinkable(bucket);
    checkKey(key);
    return `memory://${bucket}/${key}`;
  }

  async roundTrip(): Promise<void> {}
}

function describeObject(key: string, body: Buffer): StoredObject {
  const hash = (algorithm: string) => createHash(algorithm).update(body).digest('hex');
  return { key, bytes: body.length, sha256: hash('sha256'), etag: hash('md5') };
}
