import { randomUUID } from 'node:crypto';
import { Cache } from '@repo/cache';
import { networkDetail } from '@repo/contracts';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { TemporaryError } from '@repo/kernel';
import { MessageBus } from '@repo/messaging';
import type { HealthCheck, PartRemarks } from '@repo/observability';
import { ObjectStore } from '@repo/storage';
import { z } from 'zod';

const TIMEOUT_MS = 1_500;

export const healthParts = [CollectionDatabase, LearningDatabase, MessageBus, ObjectStore, Cache];

/** What the backend needs to take a photo; without classifier and cache it takes photos all the same. */
export const healthChecks =
  (classifierUrl: string) =>
  (collection: CollectionDatabase, learning: LearningDatabase, messages: MessageBus, objects: ObjectStore, cache: Cache): HealthCheck[] => [
    { name: 'collection database', check: () => collection.check(TIMEOUT_MS) },
    { name: 'learning database', check: () => learning.check(TIMEOUT_MS) },
    { name: 'messages', check: () => messages.roundTrip(TIMEOUT_MS) },
    { name: 'objects', check: () => objects.roundTrip(TIMEOUT_MS) },
    { name: 'cache', check: () => writeAndRead(cache), optional: true },
    { name: 'classifier', check: () => askClassifier(classifierUrl), optional: true },
  ];

async function writeAndRead(cache: Cache): Promise<void> {
  const key = `health:${randomUUID()}`; // another backend may be asked at the same time
  await cache.set(key, 'kept', 10_000);
  if ((await cache.get(key, z.string())) !== 'kept') {
    throw new TemporaryError('The cache does not keep what it is given');
  }
  await cache.remove(key);
}

/** As far as it is passed on: what a later version says in other words is left out. */
const classifierHealth = z.object({
  parts: z.array(z.object({ name: z.string(), detail: networkDetail.optional().catch(undefined) })),
});

/** Answers what the classifier says of its network, so that nobody needs to reach its own page. */
async function askClassifier(url: string): Promise<PartRemarks> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new TemporaryError(`The classifier answered ${response.status}`);
  }
  const { parts } = classifierHealth.parse(await response.json());
  const network = parts.find(({ name }) => name === 'network');
  return { detail: network?.detail };
}
