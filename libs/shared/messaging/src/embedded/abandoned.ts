import type { Doorbell } from './doorbell.js';
import type { MessageStore, RunningMessage } from './message-store.js';

/** How often messages of dead or stuck workers are looked for. */
export const sweepMs = 5_000;
/** Work that overran its deadline is noticed by its own process first; only then by the others. */
const leaseMarginMs = 10_000;

/**
 * Messages that were taken, and whose worker has ended or is stuck.
 *
 * @param ours ids of those that this process works on
 * @param deadlineMs time that the work may take
 */
export async function findAbandoned(
  { store, doorbell }: { store: MessageStore; doorbell: Doorbell },
  queue: string,
  ours: ReadonlySet<string>,
  deadlineMs: number,
): Promise<RunningMessage[]> {
  const foreign = (await store.running(queue)).filter(({ id }) => !ours.has(id));
  if (foreign.length === 0) {
    return [];
  }
  // Asked after the list was made: a consumer who came in between can't have taken what is on it.
  const mayStillRun = await doorbell.hasOtherConsumers(queue);
  return foreign.filter(({ ageMs }) => !mayStillRun || ageMs > deadlineMs + leaseMarginMs);
}
