import type { Collector } from './collector.js';

export interface LetterGroup {
  readonly queue: string;
  readonly groupKey: string;
  readonly cause: string;
  readonly reason: string;
  readonly count: number;
}

/** The dead letters of every queue that wait for a person, by what went wrong. */
export async function letterGroups(collector: Collector): Promise<LetterGroup[]> {
  const queues = await answered(collector.get<{ name: string }[]>('/Queues'));
  const groups = await Promise.all(queues.map(({ name: queue }) => answered(collector.get<LetterGroup[]>(`/Queues/${queue}/dead`)).then((ones) => ones.map((one) => ({ ...one, queue })))));
  return groups.flat();
}

/** Sends every letter of a group again; answers how many those were. */
export async function replayGroup(collector: Collector, { queue, groupKey }: LetterGroup): Promise<number> {
  return (await answered(collector.json<{ replayed: number }>('POST', `/Queues/${queue}/dead/replay`, { groupKey, why: 'what was away is back' }))).replayed;
}

/** As a person does after an outage. */
export async function replayEverything(collector: Collector): Promise<void> {
  for (const group of await letterGroups(collector)) {
    await replayGroup(collector, group);
  }
}

async function answered<Body>(asked: Promise<{ status: number; body: Body }>): Promise<Body> {
  const { status, body } = await asked;
  if (status !== 200) {
    throw new Error(`The queues did not answer: ${status} ${JSON.stringify(body)}`);
  }
  return body;
}
