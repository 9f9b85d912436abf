import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** A photo on its way to becoming an item. */
export interface FoundPhoto {
  /** Relative to the folder that was searched. */
  readonly path: string;
  /** The sub-folder's name. */
  readonly category: string;
  /** The file's name without its ending, underscores as spaces. */
  readonly name: string;
}

export interface FoundPhotos {
  readonly photos: readonly FoundPhoto[];
  /** What else lay there, relative paths; hidden files are passed over in silence. */
  readonly ignored: readonly string[];
}

/** Names that photos have. Some of these the platform refuses, and then it says why. */
const photoEndings = /\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif|svg)$/i;

/**
 * Looks through a folder whose sub-folders are categories. Photos beside them have no
 * category, and deeper folders no meaning: both are ignored, and said to be.
 * Throws the file system's error when the folder can't be read.
 */
export async function findPhotos(folder: string): Promise<FoundPhotos> {
  const photos: FoundPhoto[] = [];
  const ignored: string[] = [];
  for (const entry of await visibleEntries(folder)) {
    if (!entry.isDirectory()) {
      ignored.push(entry.name);
      continue;
    }
    for (const file of await visibleEntries(path.join(folder, entry.name))) {
      const relative = path.join(entry.name, file.name);
      if (file.isFile() && photoEndings.test(file.name)) {
        photos.push({ path: relative, category: entry.name.trim(), name: itemName(file.name) });
      } else {
        ignored.push(relative);
      }
    }
  }
  return { photos, ignored };
}

async function visibleEntries(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function itemName(fileName: string): string {
  const name = path.parse(fileName).name.replaceAll('_', ' ').trim();
  return name || fileName;
}
