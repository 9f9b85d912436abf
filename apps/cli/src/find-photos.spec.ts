import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findPhotos } from './find-photos.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'oc-photos-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...files: string[]) {
  for (const file of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), 'x');
  }
}

it('takes the sub-folders as categories and the file names as names', async () => {
  await put('Moedas/real_de_prata.JPG', 'Moedas/cruzeiro.png', 'Selos/olho-de-boi.webp');
  expect(await findPhotos(folder)).toEqual({
    photos: [
      { path: 'Moedas/cruzeiro.png', category: 'Moedas', name: 'cruzeiro' },
      { path: 'Moedas/real_de_prata.JPG', category: 'Moedas', name: 'real de prata' },
      { path: 'Selos/olho-de-boi.webp', category: 'Selos', name: 'olho-de-boi' },
    ],
    ignored: [],
  });
});

it.each([
  ['a photo beside the categories', 'solta.jpg', ['solta.jpg']],
  ['another kind of file', 'Moedas/lista.txt', ['Moedas/lista.txt']],
  ['a deeper folder', 'Moedas/ouro/real.jpg', ['Moedas/ouro']],
  ['hidden files, silently', 'Moedas/.thumbs.jpg', []],
])('ignores %s', async (_, file, ignored) => {
  await put(file);
  expect(await findPhotos(folder)).toEqual({ photos: [], ignored });
});

it('says so when there is no such folder', async () => {
  await expect(findPhotos(path.join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
});
