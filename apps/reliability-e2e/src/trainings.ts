import type { Collector } from './collector.js';
import { eventually } from './eventually.js';
import type { PlatformUnderTest } from './platform-under-test.js';
import { smallPhoto } from './small-photo.js';

export interface Training {
  readonly id: string;
  readonly status: string;
  readonly reason?: string | null;
  readonly modelVersion?: string | null;
}

/** Two kinds of things that any network tells apart. */
export const categories = [
  { name: 'Minerais vermelhos', tint: [250, 40, 40] },
  { name: 'Minerais azuis', tint: [40, 40, 250] },
] as const;

/**
 * Uploads photos of both categories and waits for their variants.
 *
 * @param first number of the first of each category: another one gives other photos
 */
export async function addLearnableItems(platform: PlatformUnderTest, ofEach = 8, first = 0): Promise<void> {
  const items = categories.flatMap(({ name, tint }, kind) => Array.from({ length: ofEach }, (_, number) => ({ name, tint, seed: 100_000 * (kind + 1) + first + number })));
  const intents = await Promise.all(
    items.map(async ({ name, tint, seed }) => platform.collector.addItem(platform.ledger, `${name} ${seed}`, { photos: [await smallPhoto(seed, { tint })], category: name })),
  );
  await platform.untilAugmented(intents, 60_000);
}

/** Answers its id. */
export async function askForTraining(collector: Collector): Promise<string> {
  const { status, body } = await collector.json<Training>('POST', '/Training', { motivo: 'a test' });
  if (status !== 202) {
    throw new Error(`The training was not taken: ${status} ${JSON.stringify(body)}`);
  }
  return body.id;
}

/** Resolves when it has ended, whatever came of it. */
export async function trainingEnded(collector: Collector, id: string, timeoutMs = 90_000): Promise<Training> {
  let training: Training | undefined;
  await eventually(
    'the training has ended',
    async () => {
      const { status, body } = await collector.get<Training>(`/Training/${id}`);
      training = body;
      return status === 200 && body.status !== 'queued' && body.status !== 'running';
    },
    timeoutMs,
    200,
  );
  return training!;
}
