import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { weightsIn } from '../ml/find-backbone.js';

export interface PutWeights {
  readonly path: string;
  /** Other weights that lay there, under the names by which nobody takes them. */
  readonly setAside: readonly string[];
}

/**
 * Makes these the weights of a folder, whole or not at all: until the last byte is on the disk they have a name that
 * is not taken. Others are kept as `NAME.safetensors.replaced`. Throws the file system's error, and leaves nothing behind.
 *
 * @param name ends with `.safetensors`
 */
export async function putWeights(folder: string, name: string, file: Buffer): Promise<PutWeights> {
  await mkdir(folder, { recursive: true });
  const wanted = path.join(folder, name);
  const part = `${wanted}.part`;
  try {
    const handle = await open(part, 'w');
    try {
      await handle.writeFile(file);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, wanted);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const setAside: string[] = [];
  for (const other of (await weightsIn(folder)).filter((file) => file !== wanted)) {
    await rename(other, `${other}.replaced`);
    setAside.push(`${other}.replaced`);
  }
  return { path: wanted, setAside };
}
