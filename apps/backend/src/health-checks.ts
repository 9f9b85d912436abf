import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { TemporaryError } from '@repo/kernel';
import { MessageBus } from '@repo/messaging';
import type { HealthCheck } from '@repo/observability';
import { ObjectStore } from '@repo/storage';

const TIMEOUT_MS = 1_500;

export const healthParts = [CollectionDatabase, LearningDatabase, MessageBus, ObjectStore];

/** What the backend needs to take a photo; without the classifier it takes photos all the same. */
export const healthChecks =
  (classifierUrl: string) =>
  (collection: CollectionDatabase, learning: LearningDatabase, messages: MessageBus, objects: ObjectStore): HealthCheck[] => [
    { name: 'collection database', check: () => collection.check(TIMEOUT_MS) },
    { name: 'learning database', check: () => learning.check(TIMEOUT_MS) },
    { name: 'messages', check: () => messages.roundTrip(TIMEOUT_MS) },
    { name: 'objects', check: () => objects.roundTrip(TIMEOUT_MS) },
    { name: 'classifier', check: () => askClassifier(classifierUrl), optional: true },
  ];

async function askClassifier(url: string): Promise<void> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) {
    throw new TemporaryError(`The classifier answered ${response.status}`);
  }
}
