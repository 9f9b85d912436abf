import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { defineCommand } from '@repo/contracts';
import { z } from 'zod';
import { currentMessageMap } from './commands/message-map.js';
import { renderMessageMap } from './message-map.js';

it('docs/messages.md is up to date: else run npm run docs:messages', async () => {
  const page = await readFile(fileURLToPath(new URL('../../../docs/messages.md', import.meta.url)), 'utf8');
  expect(page).toBe(await currentMessageMap());
});

it('knows who sends and who handles every message', async () => {
  expect(await currentMessageMap()).not.toMatch(/\| - \|/);
});

it('describes a message', () => {
  const weigh = defineCommand('item.weigh.v1', 'Weighing', 'An item came: weigh it.', z.object({ itemId: z.uuid(), grams: z.number().int().nonnegative().optional(), scale: z.enum(['fine', 'coarse']), note: z.string().min(1).max(80) }));
  const page = renderMessageMap({ weigh }, { weigh: { producers: ['apps/door'], consumers: ['libs/scales/feature'] } });
  expect(page.split('\n')).toEqual(
    expect.arrayContaining([
      '| `item.weigh.v1` | command | `Weighing` | An item came: weigh it. | `apps/door` | `libs/scales/feature` |',
      '## `item.weigh.v1`',
      '| `itemId` | UUID | yes |',
      '| `grams` | whole number, at least 0 | no |',
      '| `scale` | `fine`, `coarse` | yes |',
      '| `note` | text, at least 1, at most 80 characters | yes |',
    ]),
  );
});
