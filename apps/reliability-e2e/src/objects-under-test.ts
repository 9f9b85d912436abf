import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'minio';
import type { ServersUnderTest } from './servers-under-test.js';

export type BucketName = 'original' | 'processed' | 'models' | 'temp';

/** The store from outside: by the driver's or the system's own means, not by the platform's. */
export interface ObjectsUnderTest {
  /** Every key of the bucket. */
  keys(bucket: BucketName): Promise<string[]>;
  remove(bucket: BucketName, key: string): Promise<void>;
}

export function objectsOf({ objectsUrl, objectsFolder }: ServersUnderTest): ObjectsUnderTest {
  return objectsUrl === undefined ? new FolderObjects(objectsFolder) : new S3Objects(objectsUrl);
}

class FolderObjects implements ObjectsUnderTest {
  constructor(private readonly folder: string) {}

  async keys(bucket: BucketName): Promise<string[]> {
    const root = path.join(this.folder, bucket);
    const names = await readdir(root, { recursive: true }).catch(() => []); // nothing was stored yet
    const isFile = await Promise.all(names.map(async (name) => (await stat(path.join(root, name)).catch(() => undefined))?.isFile() ?? false));
    return names.filter((_, index) => isFile[index]);
  }

  remove(bucket: BucketName, key: string): Promise<void> {
    return unlink(path.join(this.folder, bucket, key));
  }
}

export class S3Objects implements ObjectsUnderTest {
  private readonly client: Client;

  /** @param url `http://key:secret@host:port/region` */
  constructor(url: string) {
    const { hostname, port, username, password, pathname } = new URL(url);
    this.client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey: username, secretKey: password, region: pathname.slice(1), pathStyle: true });
  }

  async keys(bucket: BucketName): Promise<string[]> {
    const keys: string[] = [];
    for await (const { name } of this.client.listObjectsV2(bucket, '', true) as AsyncIterable<{ name?: string }>) {
      keys.push(name!);
    }
    return keys;
  }

  remove(bucket: BucketName, key: string): Promise<void> {
    return this.client.removeObject(bucket, key);
  }

  /** Of what is stored, lower-case hex. Throws when there is nothing. */
  async sha256(bucket: BucketName, key: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await this.client.getObject(bucket, key)) {
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  }
}
