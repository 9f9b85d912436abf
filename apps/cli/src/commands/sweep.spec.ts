import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakePlatform } from '../testing/fake-platform.js';
import { runCommand } from '../testing/run-command.js';
import { sweep } from './sweep.js';

let platform: FakePlatform;
beforeEach(async () => {
  platform = await FakePlatform.start();
});
afterEach(() => platform.stop());

const run = (...more: string[]) => runCommand(sweep, ['--url', platform.url, '--email', 'ana@example.org', '--password', 'right', ...more]);

it.each([
  [[], false, 'Nothing was removed'],
  [['--really'], true, '3 of them removed'],
])('with %j asks for really: %s', async (args, really, told) => {
  platform.on('POST /Storage/sweep', () => ({ body: { orphans: 3, removed: really ? 3 : 0, missing: 0, photos: [] } }));
  const { code, output } = await run(...args);
  expect(platform.callsTo('POST /Storage/sweep')[0]?.fields).toEqual({ really });
  expect(output).toContain('3 stored photos without a row');
  expect(output).toContain(told);
  expect(code).toBe(0);
});

it('names photos whose original is gone, and tells scripts', async () => {
  platform.on('POST /Storage/sweep', () => ({ body: { orphans: 0, removed: 0, missing: 1, photos: [{ fotoId: 'f', caminho: 'item/i/f.jpg' }] } }));
  const { code, output } = await run();
  expect(output).toContain('item/i/f.jpg');
  expect(code).toBe(1);
});

it('explains itself', async () => expect((await run('--help')).output).toContain('npm run sweep -- --really'));
