import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakePlatform } from '../testing/fake-platform.js';
import { runCommand } from '../testing/run-command.js';
import { classify } from './classify.js';

let folder: string;
let platform: FakePlatform;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'oc-classify-'));
  await writeFile(path.join(folder, 'a.jpg'), 'a');
  platform = await FakePlatform.start();
});
afterEach(async () => {
  await platform.stop();
  await rm(folder, { recursive: true });
});

const run = (...files: string[]) => runCommand(classify, [...files, '--url', platform.url, '--email', 'ana@example.org', '--password', 'right'], folder);
const similar = { id: '1', nome: 'Real', categoria: 'Moedas', foto: 'http://x', distancia: 0.084 };

it.each([
  ['a known class', { conhecido: true, classe: 'Moedas', confianca: '92%', alternativas: [], itemsSemelhantes: [similar] }, /a\.jpg.*Moedas.*92%.*0\.084 {2}Real \(Moedas\)/],
  ['the guesses below the threshold', { conhecido: false, classe: 'desconhecido', confianca: '41%', alternativas: [{ classe: 'Selos', confiancaValor: 0.41 }], itemsSemelhantes: [] }, /perhaps Selos 41%/],
  ['what is alike before any training', { conhecido: false, classe: 'desconhecido', confianca: '0%', alternativas: [], itemsSemelhantes: [similar] }, /desconhecido.*0%.*0\.084 {2}Real/],
])('shows %s', async (_, answer, expected) => {
  platform.on('POST /Classificar', () => ({ body: answer }));
  expect(await run('a.jpg')).toEqual({ code: 0, output: expect.stringMatching(expected) as string });
});

it('goes on after a photo that is refused and one that is not there', async () => {
  platform.on('POST /Classificar', () => ({ status: 415, body: { code: 'PHOTO_TYPE_UNSUPPORTED', message: 'no photo' } }));
  const { code, output } = await run('missing.jpg', 'a.jpg');
  expect(code).toBe(1);
  expect(output).toMatch(/missing\.jpg.*ENOENT/);
  expect(output).toMatch(/a\.jpg.*PHOTO_TYPE_UNSUPPORTED/);
});
