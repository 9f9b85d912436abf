import { createHash } from 'node:crypto';
import { ObjectStore, type Bucket } from '@repo/storage';

export class StoreInMemory extends ObjectStore {
  readonly objects = new Map<string, Buffer>();

  async put(bucket: Bucket, key: string, body: Buffer) {
    this.objects.set(`${bucket} ${key}`, body);
    return described(key, body);
  }
  async get(bucket: Bucket, key: string) {
    return this.objects.get(`${bucket} ${key}`);
  }
  async head(bucket: Bucket, key: string) {
    const body = this.objects.get(`${bucket} ${key}`);
    return body && described(key, body);
  }
  async remove(bucket: Bucket, key: string) {
    this.objects.delete(`${bucket} ${key}`);
  }
  async *list(bucket: Bucket, prefix: string) {
    for (const [name, body] of this.objects) {
      if (name.startsWith(`${bucket} ${prefix}`)) {
        yield { key: name.slice(bucket.length + 1), bytes: body.length, modifiedAt: new Date() };
      }
    }
  }
  async signedUrl(bucket: Bucket, key: string) {
    return `https://objects.example/${bucket}/${key}`;
  }
  async roundTrip() {}
}

function described(key: string, body: Buffer) {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { key, bytes: body.length, sha256, etag: sha256 };
}
