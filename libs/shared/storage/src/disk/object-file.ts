import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ObjectDamagedError } from '../errors.js';

/** What is known of an object besides its bytes. */
export interface ObjectFacts {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
  /** MD5 in lower-case hex, as S3 gives it for a simple upload. */
  etag: string;
  contentType: string;
}

// Bytes and facts lie in one file, the facts at its end: one rename makes both appear together,
// and picture viewers, which ignore what follows a picture, can still open the files.
const trailerBytes = 512;
const mark = 'OCOLECIONADOR-OBJECT-1 ';

export function objectBytes(fileBytes: number): number {
  return fileBytes - trailerBytes;
}

export interface ObjectFileOptions {
  contentType: string;
  /** True to outlive a power cut; false only to outlive the process, several times as fast. */
  durable: boolean;
}

/**
 * Writes an object so that it is there whole or not at all, whatever happens meanwhile.
 *
 * @param incoming folder for unfinished files, on the same file system
 */
export async function writeObjectFile(incoming: string, path: string, body: Buffer, { contentType, durable }: ObjectFileOptions): Promise<ObjectFacts> {
  const facts: ObjectFacts = {
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    etag: createHash('md5').update(body).digest('hex'),
    contentType,
  };
  const unfinished = join(incoming, randomUUID());
  try {
    await write(unfinished, [body, trailerOf(facts)], durable);
    await moveInto(unfinished, path, durable);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return facts;
}

/** Undefined when there is no such object. Throws ObjectDamagedError when the file does not hold what was written. */
export async function readObjectFile(path: string): Promise<{ body: Buffer; facts: ObjectFacts } | undefined> {
  return withFile(path, async (handle) => {
    const facts = await readTrailer(handle, path);
    const body = Buffer.allocUnsafe(facts.bytes);
    await readFully(handle, body, 0);
    if (createHash('sha256').update(body).digest('hex') !== facts.sha256) {
      throw new ObjectDamagedError(`${path} is no whole object of this store: its bytes have changed`);
    }
    return { body, facts };
  });
}

/** Undefined when there is no such object. Throws ObjectDamagedError when a file is there that is not whole. */
export async function readObjectFacts(path: string): Promise<ObjectFacts | undefined> {
  return withFile(path, (handle) => readTrailer(handle, path));
}

/** Makes a folder's list of names durable; a folder that somebody has removed meanwhile has none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') {
    return; // Windows gives no handle to a folder; NTFS keeps its own journal of names.
  }
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function write(path: string, parts: readonly Buffer[], durable: boolean): Promise<void> {
  const handle = await open(path, 'wx+');
  try {
    for (const part of parts) {
      await handle.writeFile(part);
    }
    if (durable) {
      await handle.sync();
    }
    await expectKept(handle, parts);
  } finally {
    await handle.close();
  }
}

/** Reads back what was written, a piece at a time. */
async function expectKept(handle: FileHandle, parts: readonly Buffer[]): Promise<void> {
  const piece = Buffer.allocUnsafe(256 * 1_024);
  let position = 0;
  for (const part of parts) {
    for (let start = 0; start < part.length; start += piece.length) {
      const expected = part.subarray(start, start + piece.length);
      const kept = piece.subarray(0, expected.length);
      await readFully(handle, kept, position);
      if (!kept.equals(expected)) {
        throw new ObjectDamagedError('The disk keeps something else than what was written');
      }
      position += expected.length;
    }
  }
}

async function moveInto(unfinished: string, path: string, durable: boolean): Promise<void> {
  const folder = dirname(path);
  const lowestThere = await renameInto(unfinished, path, folder);
  if (durable) {
    await syncUpTo(folder, lowestThere);
  }
}

/** Answers the lowest folder that was there before. */
async function renameInto(unfinished: string, path: string, folder: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const firstMade = await mkdir(folder, { recursive: true });
    try {
      await rename(unfinished, path);
      return firstMade ? dirname(firstMade) : folder;
    } catch (error) {
      // Somebody removed the folder's last object just now, and the empty folder with it.
      if (!isMissing(error) || attempt === 10) {
        throw error;
      }
    }
  }
}

/** A new folder lasts only once its own name is durable in the folder above. */
async function syncUpTo(folder: string, top: string): Promise<void> {
  await syncFolder(folder);
  if (folder !== top) {
    await syncUpTo(dirname(folder), top);
  }
}

function trailerOf(facts: ObjectFacts): Buffer {
  const text = `${mark}${JSON.stringify(facts)}`;
  if (Buffer.byteLength(text) > trailerBytes) {
    throw new Error(`The content type of an object is too long: ${facts.contentType.slice(0, 60)}`);
  }
  return Buffer.from(text.padEnd(trailerBytes));
}

async function readTrailer(handle: FileHandle, path: string): Promise<ObjectFacts> {
  const { size } = await handle.stat();
  const trailer = Buffer.alloc(trailerBytes);
  if (size >= trailerBytes) {
    await readFully(handle, trailer, size - trailerBytes);
  }
  const text = trailer.toString();
  const facts = text.startsWith(mark) ? (JSON.parse(text.slice(mark.length)) as ObjectFacts) : undefined;
  if (facts?.bytes !== objectBytes(size)) {
    throw new ObjectDamagedError(`${path} is no whole object of this store`);
  }
  return facts;
}

async function readFully(handle: FileHandle, target: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) {
      throw new ObjectDamagedError(`The file ended ${target.length - filled} bytes early`);
    }
    filled += bytesRead;
  }
}

async function withFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
  try {
    return (await handle.stat()).isFile() ? await work(handle) : undefined;
  } finally {
    await handle.close();
  }
}
