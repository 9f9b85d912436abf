import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks until it is so. Answers the seconds that took; throws after `timeoutMs`, with the error that looking threw last.
 * While looking throws, it is not so: a part that is being restarted does not answer.
 */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 30_000, everyMs = 50): Promise<number> {
  const startedAt = performance.now();
  let cause: unknown;
  for (;;) {
    try {
      if (await isSo()) {
        return secondsSince(startedAt);
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() - startedAt > timeoutMs) {
      throw new Error(`not within ${timeoutMs / 1_000} s: ${what}`, { cause });
    }
    await sleep(everyMs);
  }
}

export function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}
