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
 * Every method throws TemporaryError when the store does not answer in time, AccessDeniedError
 * when it does not take our credentials, and InvalidInputError for a key that is none.
 */
export abstract class ObjectStore {
  /**
   * Resolves when the object is durable (in `temp`: outlives the process) and its checksum verified. Overwrites.
   * Throws ObjectDamagedError when the store keeps something else than it was given, twice.
   */
  abstract put(bucket: Bucket, key: string, body: Buffer, contentType: string): Promise<StoredObject>;
  /** Undefined when there is none. What comes has the length and SHA-256 that were put. */
  abstract get(bucket: Bucket, key: string): Promise<Buffer | undefined>;
  abstract head(bucket: Bucket, key: string): Promise<StoredObject | undefined>;
  /** Removing what is not there is no error. */
  abstract remove(bucket: Bucket, key: string): Promise<void>;
  /** Every object of the platform whose key begins with `prefix`, in key order; holds a page of them at a time. */
  abstract list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary>;
  /**
   * A link that works without sign-in for about `expiresInS` seconds (3,600 by default): at least three quarters of
   * them, at most 15 minutes longer. So those made for an object within one quarter of an hour are the same text,
   * and a browser that has the picture need not fetch it again. Asks the store nothing.
   */
  abstract signedUrl(bucket: Bucket, key: string, expiresInS?: number): Promise<string>;
  /** Writes, reads and removes a small object: proof that the store works. */
  abstract roundTrip(timeoutMs: number): Promise<void>;
}
