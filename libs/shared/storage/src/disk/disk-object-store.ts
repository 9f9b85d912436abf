import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SystemClock, TemporaryError, withDeadline, type Clock } from '@repo/kernel';
import { checkKey, checkPrefix, isKey } from '../object-key.js';
import { ObjectStore, type Bucket, type ObjectSummary, type StoredObject } from '../object-store.js';
import { makeRoundTrip } from '../round-trip.js';
import { removeOldTemporaries } from '../temporary-objects.js';
import { LinkSigner } from './link-signer.js';
import { listKeys } from './list-folder.js';
import { isMissing, objectBytes, readObjectFacts, readObjectFile, syncFolder, writeObjectFile, type ObjectFacts } from './object-file.js';

const deadlineMs = 10_000;
/** A link's life when none is asked for. */
const standardLinkLifeS = 3_600;
/** Far longer than any upload takes: an older unfinished file was left by a process that died. */
const unfinishedLifeMs = 3_600_000;

export interface DiskObjectStoreOptions {
  /** Holds a folder for each bucket; made if absent. Several processes may share it. */
  folder: string;
  /** How browsers reach the backend; links begin with it. */
  publicUrl: string;
  /** Signs the links. */
  linkSecret: string;
  clock?: Clock;
}

/** Where an object lies and what is known of it, for whoever sends its bytes. */
export interface ObjectFile {
  /** The bucket's folder; `key` is relative to it. */
  root: string;
  /** The object is the file's first `bytes` bytes. */
  facts: ObjectFacts;
}

/** Objects as files below one folder. */
export class DiskObjectStore extends ObjectStore {
  readonly links: LinkSigner;
  private readonly folder: string;
  private readonly clock: Clock;

  constructor({ folder, publicUrl, linkSecret, clock = new SystemClock() }: DiskObjectStoreOptions) {
    super();
    this.folder = folder;
    this.clock = clock;
    this.links = new LinkSigner(publicUrl, linkSecret);
  }

  async put(bucket: Bucket, key: string, body: Buffer, contentType: string): Promise<StoredObject> {
    const path = this.pathOf(bucket, key);
    const { bytes, sha256, etag } = await inTime(async () => {
      await mkdir(this.incoming, { recursive: true });
      // What is temporary need not outlive a power cut: whoever waits for its answer has gone by then.
      return writeObjectFile(this.incoming, path, body, { contentType, durable: bucket !== 'temp' });
    });
    return { key, bytes, sha256, etag };
  }

  async get(bucket: Bucket, key: string): Promise<Buffer | undefined> {
    const path = this.pathOf(bucket, key);
    return (await inTime(() => readObjectFile(path)))?.body;
  }

  async head(bucket: Bucket, key: string): Promise<StoredObject | undefined> {
    const file = await this.file(bucket, key);
    return file && { key, bytes: file.facts.bytes, sha256: file.facts.sha256, etag: file.facts.etag };
  }

  /** Undefined when there is no such object. */
  async file(bucket: Bucket, key: string): Promise<ObjectFile | undefined> {
    const path = this.pathOf(bucket, key);
    const facts = await inTime(() => readObjectFacts(path));
    return facts && { root: join(this.folder, bucket), facts };
  }

  async remove(bucket: Bucket, key: string): Promise<void> {
    const path = this.pathOf(bucket, key);
    await inTime(async () => {
      if ((await stat(path).catch(ignoreMissing))?.isFile()) {
        await rm(path, { force: true });
        await pruneEmptyFolders(dirname(path), join(this.folder, bucket));
      }
    });
  }

  async *list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary> {
    checkPrefix(prefix);
    const root = join(this.folder, bucket);
    for await (const key of listKeys(root, prefix)) {
      const found = isKey(key) ? await inTime(() => stat(join(root, key))).catch(ignoreMissing) : undefined;
      if (found) {
        yield { key, bytes: objectBytes(found.size), modifiedAt: found.mtime };
      }
    }
  }

  async signedUrl(bucket: Bucket, key: string, expiresInS = standardLinkLifeS): Promise<string> {
    return this.links.link(bucket, key, expiresInS, this.clock.now());
  }

  roundTrip(timeoutMs: number): Promise<void> {
    return makeRoundTrip(this, timeoutMs);
  }

  /** Removes temporary objects of more than 24 hours and what processes left unfinished when they died. */
  async sweep(): Promise<void> {
    const now = this.clock.now();
    await removeOldTemporaries(this, now);
    for (const name of await readdir(this.incoming).catch(ignoreMissing) ?? []) {
      const path = join(this.incoming, name);
      const found = await stat(path).catch(ignoreMissing);
      if (found && now.getTime() - found.mtimeMs > unfinishedLifeMs) {
        await rm(path, { force: true });
      }
    }
  }

  private get incoming(): string {
    return join(this.folder, '.incoming');
  }

  private pathOf(bucket: Bucket, key: string): string {
    checkKey(key);
    return join(this.folder, bucket, key);
  }
}

/** A disk that is full, gone or too slow is no fault of the object. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline('The object store', deadlineMs, work());
  } catch (error) {
    if (isSystemError(error) && !isMissing(error)) {
      throw new TemporaryError('The object store does not work', { cause: error });
    }
    throw error;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) {
    throw error;
  }
}

/** Goes up as long as folders are empty; somebody who puts an object meanwhile makes them again. */
async function pruneEmptyFolders(folder: string, root: string): Promise<void> {
  if (folder === root) {
    return;
  }
  try {
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') {
      await syncFolder(folder);
      return;
    }
    if (!isMissing(error)) {
      throw error;
    }
  }
  await pruneEmptyFolders(dirname(folder), root);
}
