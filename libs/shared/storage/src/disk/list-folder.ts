import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './object-file.js';

/**
 * The keys of all files below `root` that begin with `prefix`, in key order. Holds the names
 * of one folder and of those above it at a time, and skips folders that vanish meanwhile.
 *
 * @param prefix checked by the caller
 */
export async function* listKeys(root: string, prefix: string): AsyncIterable<string> {
  // Starts as deep as the prefix reaches: its folders are names, not patterns.
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* listBelow(root, folder, prefix);
}

async function* listBelow(root: string, folder: string, prefix: string): AsyncIterable<string> {
  for (const entry of await sortedEntries(join(root, folder))) {
    const key = folder + entry.name;
    if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`))) {
      yield* listBelow(root, `${key}/`, prefix);
    } else if (entry.isFile() && key.startsWith(prefix)) {
      yield key;
    }
  }
}

async function sortedEntries(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

// `a-b` comes before `a/c` as a key, though the folder `a` comes before the file `a-b` as a name.
function sortKey(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}
