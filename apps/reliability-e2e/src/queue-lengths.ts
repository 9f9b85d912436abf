import type { PlatformData } from './platform-data.js';
import { serverChoice, type ServersUnderTest } from './servers-under-test.js';

/** Messages that lie in the broker now, by queue, asked by the broker's own means; queues that are empty are left out. */
export async function queueLengths(servers: ServersUnderTest, data: PlatformData): Promise<Record<string, number>> {
  const lengths = serverChoice.messages === 'rabbit' ? await rabbitLengths(servers) : await postgresLengths(data);
  return Object.fromEntries(lengths.filter(([, length]) => length > 0));
}

async function rabbitLengths({ rabbit }: ServersUnderTest): Promise<[string, number][]> {
  const lines = (await rabbit.ctl('list_queues', 'name', 'messages')).trim().split('\n');
  return lines.map((line) => line.split('\t')).map(([name = '', messages]) => [name, Number(messages)]);
}

async function postgresLengths(data: PlatformData): Promise<[string, number][]> {
  const rows = await data.learning<{ name: string; count: number }>('SELECT name, count(*)::int AS count FROM messages.job GROUP BY name');
  return rows.map(({ name, count }) => [name, count]);
}
