import type { Collector } from './collector.js';

export interface LetterGroup {
  readonly groupKey: string;
  readonly cause: string;
  readonly reason: string;
  readonly count: number;
}

const queue = 'ImageAugmentations';

/** The dead letters that wait for a person, by what went wrong. */
export async function letterGroups(collector: Collector): Promise<LetterGroup[]> {
  const { status, body } = await collector.get<LetterGroup[]>(`/Queues/${queue}/dead`);
  if (status !== 200) {
    throw new Error(`The dead letters were not shown: ${status} ${JSON.stringify(body)}`);
  }
  return body;
}

/** Sends every letter of a group again; answers how many those were. */
export async function replayGroup(collector: Collector, { groupKey }: LetterGroup): Promise<number> {
  const { status, body } = await collector.json<{ replayed: number }>('POST', `/Queues/${queue}/dead/replay`, { groupKey, why: 'the store works again' });
  if (status !== 200) {
    throw new Error(`The group was not replayed: ${status} ${JSON.stringify(body)}`);
  }
  return body.replayed;
}
