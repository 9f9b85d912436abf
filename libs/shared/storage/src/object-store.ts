/** `original`, `processed` and `models` are kept; what lies in `temp` goes after 24 hours. */
export type Bucket = 'original' | 'processed' | 'models' | 'temp';

export interface ObjectSummary {
  key: string;
  bytes: number;
  modifiedAt: Date;
}

export interface StoredObject {
  key: string;
  bytes: number;
  /** Lower-case hex, of the bytes that were stored and read back or confirmed by the store. */
  sha256: string;
  /** As the store gives it, without quotes. */
  etag: string;
}

/**
 * Where photos, variants and models lie. Keys are slash-separated, relative, and
 * made by the platform alone, never from a file name that a person chose.
 * Every method throws TemporaryError when the store does not answer in time.
 */
export abstract class ObjectStore {
  /** Resolves when the object is durable (in `temp`: outlives the process) and its checksum verified. Overwrites. */
  abstract put(bucket: Bucket, key: string, body: Buffer, contentType: string): Promise<StoredObject>;
  /** Undefined when there is none. */
  abstract get(bucket: Bucket, key: string): Promise<Buffer | undefined>;
  abstract head(bucket: Bucket, key: string): Promise<StoredObject | undefined>;
  /** Removing what is not there is no error. */
  abstract remove(bucket: Bucket, key: string): Promise<void>;
  /** Every object whose key begins with `prefix`, in key order. */
  abstract list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary>;
  /** A link that works without sign-in for `expiresInS` seconds (3,600 by default). */
  abstract signedUrl(bucket: Bucket, key: string, expiresInS?: number): Promise<string>;
  /** Writes, reads and removes a small object: proof that the store works. */
  abstract roundTrip(timeoutMs: number): Promise<void>;
}
