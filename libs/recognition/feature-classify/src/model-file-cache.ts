import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  modelFolder,
  ModelFilesInvalidError,
  verifyModelFiles,
  type ModelFileName,
  type ModelManifest,
  type ModelVersion,
} from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import { ClassifierSettings } from './classifier-settings.js';

export interface VerifiedFiles {
  readonly manifest: ModelManifest;
  readonly files: ReadonlyMap<ModelFileName, Buffer>;
}

/** The files of versions: from the folder of the last start when they are whole, else from the object store. */
@Injectable()
export class ModelFileCache {
  constructor(
    private readonly store: ObjectStore,
    private readonly settings: ClassifierSettings,
  ) {}

  /**
   * The named files, each with the manifest's checksum; what the manifest lists besides must lie in the store as listed.
   * Throws ModelFilesInvalidError, or TemporaryError when the store doesn't answer.
   */
  async read(version: ModelVersion, names: readonly ModelFileName[]): Promise<VerifiedFiles> {
    const kept = await verifyModelFiles(version, (name) => this.readKept(version, name), names).catch(ignoreInvalid);
    if (kept) {
      return kept;
    }
    const verified = await verifyModelFiles(version, (name) => this.store.get('models', `${modelFolder(version)}/${name}`), names);
    await this.checkOthers(verified.manifest, names);
    await this.keep(version, verified);
    return verified;
  }

  /** Removes the kept files of all versions but these. */
  async keepOnly(versions: readonly ModelVersion[]): Promise<void> {
    const folders = await readdir(this.settings.cacheFolder).catch(() => []);
    const old = folders.filter((name) => name.startsWith('v') && !versions.some((version) => version === name));
    await Promise.all(old.map((name) => rm(path.join(this.settings.cacheFolder, name), { recursive: true, force: true })));
  }

  /** A folder of files from two versions is no version, even where the classifier needs only some of them. */
  private async checkOthers({ version, files }: ModelManifest, names: readonly ModelFileName[]): Promise<void> {
    const others = Object.entries(files).filter(([name]) => !names.some((checked) => checked === name));
    for (const [name, expected] of others) {
      const found = await this.store.head('models', `${modelFolder(version as ModelVersion)}/${name}`);
      if (found?.bytes !== expected.bytes || found.sha256 !== expected.sha256) {
        throw new ModelFilesInvalidError(`Model ${version}: ${name} ${found ? 'is not the file that its manifest lists' : 'is missing'}`);
      }
    }
  }

  private readKept(version: ModelVersion, name: ModelFileName): Promise<Buffer | undefined> {
    return readFile(path.join(this.settings.cacheFolder, version, name)).catch(() => undefined);
  }

  private async keep(version: ModelVersion, { manifest, files }: VerifiedFiles): Promise<void> {
    const folder = path.join(this.settings.cacheFolder, version);
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of [...files, ['manifest.json', Buffer.from(JSON.stringify(manifest))] as const]) {
      const file = path.join(folder, name);
      await writeFile(`${file}.new`, bytes);
      await rename(`${file}.new`, file); // whole or not at all
    }
  }
}

function ignoreInvalid(error: unknown): undefined {
  if (!(error instanceof ModelFilesInvalidError)) {
    throw error;
  }
  return undefined;
}
