import { createHash } from 'node:crypto';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import { DomainError } from '@repo/kernel';
import type { Backbone } from './inference.js';
import type { TrainedHead } from './head-training.js';

/** Everything a version folder holds, in the order it is written: the manifest makes it whole. */
export const modelFileNames = [
  'model.onnx',
  'model-int8.onnx',
  'model.json',
  'weights.bin',
  'model.h5',
  'embeddings.faiss',
  'ids.json',
  'labels.json',
  'metrics.json',
  'manifest.json',
] as const;
export type ModelFileName = (typeof modelFileNames)[number];

export interface ModelFile {
  readonly name: ModelFileName;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** One row of the vector file; `ids.json` has them in the same order. */
export interface IndexedVector {
  readonly photoId: PhotoId;
  readonly itemId: ItemId;
  readonly ownerId: UserId;
  readonly vector: Float32Array;
}

export interface ModelFilesInput {
  /** `v{timestamp}`; also the folder's name. */
  readonly version: string;
  readonly backbone: Backbone;
  readonly head: TrainedHead;
  readonly vectors: readonly IndexedVector[];
  /** Written as it is, for people and for the page. */
  readonly metrics: object;
  readonly createdAt: Date;
}

export interface ModelManifest {
  readonly version: string;
  readonly createdAt: string;
  readonly backbone: string;
  readonly classes: number;
  readonly vectors: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Writes the files of a version. */
export abstract class ModelFileBuilder {
  /** The manifest comes last: store it last, and a folder with one is whole. */
  abstract build(input: ModelFilesInput): Promise<ModelFile[]>;
}

/** A version's files are not what its manifest says. */
export class ModelFilesInvalidError extends DomainError {
  readonly code = 'MODEL_FILES_INVALID';
}

/** Reads one file of a version folder; undefined when it isn't there. */
export type ReadModelFile = (name: ModelFileName) => Promise<Buffer | undefined>;

/**
 * Reads the named files of a version and checks each against the manifest's size and SHA-256.
 * Throws ModelFilesInvalidError naming the file and what is wrong with it: missing, truncated,
 * another checksum, or a manifest of another version.
 */
export async function verifyModelFiles(
  version: string,
  read: ReadModelFile,
  names: readonly ModelFileName[] = modelFileNames.filter((name) => name !== 'manifest.json'),
): Promise<{ manifest: ModelManifest; files: Map<ModelFileName, Buffer> }> {
  const manifest = parseManifest(version, await read('manifest.json'));
  const files = new Map<ModelFileName, Buffer>();
  for (const name of names) {
    files.set(name, checkedFile(name, manifest, await read(name)));
  }
  return { manifest, files };
}

function parseManifest(version: string, bytes: Buffer | undefined): ModelManifest {
  if (!bytes) {
    throw new ModelFilesInvalidError(`Model ${version}: manifest.json is missing`);
  }
  let manifest: Partial<ModelManifest>;
  try {
    manifest = JSON.parse(bytes.toString('utf8')) as Partial<ModelManifest>;
  } catch (cause) {
    throw new ModelFilesInvalidError(`Model ${version}: manifest.json is not JSON`, { cause });
  }
  if (manifest.version !== version) {
    throw new ModelFilesInvalidError(`Model ${version}: its manifest is of version ${manifest.version ?? 'unknown'}`);
  }
  if (typeof manifest.files !== 'object' || manifest.files === null) {
    throw new ModelFilesInvalidError(`Model ${version}: manifest.json lists no files`);
  }
  return manifest as ModelManifest;
}

function checkedFile(name: ModelFileName, manifest: ModelManifest, bytes: Buffer | undefined): Buffer {
  const expected = manifest.files[name];
  if (!expected) {
    throw new ModelFilesInvalidError(`Model ${manifest.version}: the manifest doesn't list ${name}`);
  }
  if (!bytes) {
    throw new ModelFilesInvalidError(`Model ${manifest.version}: ${name} is missing`);
  }
  if (bytes.length !== expected.bytes) {
    throw new ModelFilesInvalidError(`Model ${manifest.version}: ${name} has ${bytes.length} bytes instead of ${expected.bytes}`);
  }
  if (sha256(bytes) !== expected.sha256) {
    throw new ModelFilesInvalidError(`Model ${manifest.version}: ${name} has another checksum than the manifest`);
  }
  return bytes;
}

/** The manifest of a version: size and SHA-256 of each file. */
export function modelManifest(
  about: Omit<ModelManifest, 'files'>,
  files: readonly ModelFile[],
): ModelManifest {
  return {
    ...about,
    files: Object.fromEntries(files.map(({ name, bytes }) => [name, { bytes: bytes.length, sha256: sha256(bytes) }])),
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
