import { expect, it } from 'vitest';
import { InMemoryTrainingRuns, walkTraining } from './testing/index.js';

it('keeps every promise on 1,000 random walks', async () => {
  const met = await walkTraining(() => new InMemoryTrainingRuns(), { runs: 1_000 });
  expect([...met].sort()).toEqual(['cancelled: false', 'claimed', 'finished: false', 'finished: true', 'held: true', 'lost: false', 'not claimed', 'version: false', 'version: true']);
}, 60_000);
