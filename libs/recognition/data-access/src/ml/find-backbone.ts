import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PermanentError } from '@repo/kernel';
import type { BackboneInfo } from '@repo/recognition-domain';
import { assembleMobileNetV2 } from './mobilenet-v2.js';
import { NetworkBackbone } from './network-backbone.js';
import { parseSafetensors } from './safetensors.js';

export interface BackbonePlaces {
  /** A file named by the configuration; it must be there. */
  readonly configured?: string;
  /** The platform's data folder; `backbone/*.safetensors` in it is taken. */
  readonly dataFolder?: string;
  /** Folder of the weights that come with the platform. */
  readonly shippedFolder?: string;
}

/** Folder of the weights that come with the platform. */
const shippedAssets = fileURLToPath(new URL('../../assets/', import.meta.url));

/** Part of a backbone's id: photos are cropped to a square, as `decodePhoto` does. */
const preprocessing = 'cover';

/**
 * The first backbone there is: the configured file, one in the data folder, the one that comes with
 * the platform. Throws PermanentError when the file that was found can't be used, and when there is none.
 */
export async function findBackbone({ configured, dataFolder, shippedFolder = shippedAssets }: BackbonePlaces): Promise<NetworkBackbone> {
  if (configured) {
    return readBackbone(configured, 'configured');
  }
  const [own] = dataFolder ? await weightsIn(weightsFolder(dataFolder)) : [];
  if (own) {
    return readBackbone(own, 'data folder');
  }
  const shipped = await findShippedBackbone(shippedFolder);
  if (!shipped) {
    throw new PermanentError(`The weights that come with the platform are missing in ${shippedFolder}. Fetch them with the source again, or set OC_BACKBONE to a file`);
  }
  return shipped;
}

/** The one that comes with the platform; undefined where somebody took it away. Throws PermanentError when it can't be used. */
export async function findShippedBackbone(folder = shippedAssets): Promise<NetworkBackbone | undefined> {
  const [shipped] = await weightsIn(folder);
  return shipped ? readBackbone(shipped, 'shipped') : undefined;
}

/** Where a person's own weights lie. */
export function weightsFolder(dataFolder: string): string {
  return join(dataFolder, 'backbone');
}

/** Paths of the files of weights in a folder, the one that is taken first; none where there is no such folder. */
export async function weightsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []); // an ordinary absence
  return names.filter((name) => name.endsWith('.safetensors')).sort().map((name) => join(folder, name));
}

async function readBackbone(path: string, origin: BackboneInfo['origin']): Promise<NetworkBackbone> {
  try {
    const file = await readFile(path);
    const weights = parseSafetensors(file);
    const network = assembleMobileNetV2(weights);
    const { inputSize, dimensions } = network;
    const checksum = createHash('sha256').update(file).digest('hex').slice(0, 12);
    const id = `mobilenetv2-${inputSize}-${checksum}-${preprocessing}`;
    return new NetworkBackbone({ id, origin, path, dimensions, inputSize, licence: weights.metadata.licence }, network);
  } catch (cause) {
    throw new PermanentError(`The backbone ${path} can't be used: ${(cause as Error).message}`, { cause });
  }
}
