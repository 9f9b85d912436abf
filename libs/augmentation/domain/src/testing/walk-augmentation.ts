import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import fc from 'fast-check';
import type { AugmentationJob, AugmentationOrder, JobStatus } from '../augmentation-job.js';
import type { AugmentationReport, AugmentationRepository } from '../augmentation.repository.js';
import type { Inbox } from '../inbox.js';
import { photoOfVariant, variantKey, type PlannedVariant } from '../variant.js';

export interface WalkedParts {
  readonly jobs: AugmentationRepository;
  readonly inbox: Inbox;
  /** What is stored about a photo; undefined when there is no job. */
  stored(photoId: PhotoId): Promise<{ jobId: string; status: JobStatus; fence: number; objectKeys: string[] } | undefined>;
}

const PHOTOS = 2;
const WORKERS = 2;
const variants: readonly PlannedVariant[] = [
  { transform: 'rotate-90', params: {}, paramsHash: 'a'.repeat(16) },
  { transform: 'rotate-180', params: {}, paramsHash: 'b'.repeat(16) },
];

interface Message {
  readonly messageId: string;
  readonly order: AugmentationOrder;
}

/** What a worker has in hand between two of its side effects. */
interface Hand {
  readonly message: Message;
  readonly job: AugmentationJob;
  hasStored: boolean;
  isSaved: boolean;
}

/** Everything outside of the tables: broker, store, workers, and what was seen so far. */
class World {
  readonly orders: AugmentationOrder[] = Array.from({ length: PHOTOS }, () => {
    const [photoId, itemId] = [newId<PhotoId>(), newId<ItemId>()];
    return { photoId, itemId, ownerId: newId<UserId>(), category: 'Moedas', sourceKey: `item/${itemId}/${photoId}.jpg`, sourceSha256: 'a'.repeat(64) };
  });
  readonly queue: Message[] = [];
  readonly hands: (Hand | undefined)[] = Array.from({ length: WORKERS }, () => undefined);
  readonly objects = new Set<string>();
  readonly uploaded = new Set<PhotoId>();
  readonly marked = new Set<PhotoId>();
  readonly forgotten = new Set<PhotoId>();
  readonly savedTimes = new Map<PhotoId, number>();
  readonly signals = new Map<PhotoId, Set<string>>();
  /** Claims and ends by what came of them. */
  readonly outcomes: string[] = [];
  private readonly seen = new Map<PhotoId, { jobId: string; fence: number }>();

  constructor(readonly parts: WalkedParts) {}

  publish(order: AugmentationOrder): void {
    this.queue.push({ messageId: newId(), order });
  }

  /** What a handler does up to its claim. */
  async take(worker: number, message: Message): Promise<void> {
    const { jobs, inbox } = this.parts;
    if (await inbox.wasHandled({ messageId: message.messageId, queue: 'ImageAugmentations', body: message.order })) {
      return;
    }
    const claim = await jobs.claim(message.order);
    this.outcomes.push(claim.kind);
    if (claim.kind === 'claimed') {
      this.hands[worker] = { message, job: claim.job, hasStored: false, isSaved: false };
    } else if (claim.kind === 'finished') {
      await this.announce(message, claim.jobId);
    } else {
      this.removeObjects(message.order.photoId);
    }
  }

  store({ job }: Hand): void {
    variants.forEach((plan) => this.objects.add(variantKey(job, plan)));
  }

  async finish(worker: number, hand: Hand): Promise<void> {
    const outcome = await this.parts.jobs.finish(hand.job, reportOf(hand.job));
    this.outcomes.push(outcome);
    if (outcome === 'saved') {
      require(!this.marked.has(hand.job.photoId), 'a deleted photo was saved');
      hand.isSaved = true;
      this.savedTimes.set(hand.job.photoId, (this.savedTimes.get(hand.job.photoId) ?? 0) + 1);
      return;
    }
    this.hands[worker] = undefined;
    if (outcome === 'removed') {
      this.removeObjects(hand.job.photoId);
    } else if (outcome === 'abandoned') {
      this.queue.push(hand.message);
    }
  }

  async announce({ messageId, order }: Message, jobId: string): Promise<void> {
    this.signals.set(order.photoId, (this.signals.get(order.photoId) ?? new Set()).add(jobId));
    await this.parts.inbox.markHandled(messageId);
  }

  async mark({ photoId }: AugmentationOrder): Promise<void> {
    const { variantKeys } = await this.parts.jobs.markRemoved(photoId);
    this.marked.add(photoId);
    variantKeys.forEach((key) => this.objects.delete(key));
    this.removeObjects(photoId);
  }

  async forget({ photoId }: AugmentationOrder): Promise<void> {
    await this.parts.jobs.forget(photoId);
    this.forgotten.add(photoId);
  }

  /** A sweep after hours: every lease has ended, every object is old. */
  async sweep(): Promise<void> {
    await this.parts.jobs.abandonJobs(new Date(Date.now() + 3_600_000));
    for (const key of await this.parts.jobs.unknownKeys([...this.objects])) {
      this.objects.delete(key);
    }
  }

  /** What holds at every moment. */
  async check(): Promise<void> {
    for (const { photoId } of this.orders) {
      const stored = await this.parts.stored(photoId);
      const keys = stored?.objectKeys ?? [];
      const savedTimes = this.savedTimes.get(photoId) ?? 0;
      require(savedTimes <= 1, 'a photo was saved twice');
      require(keys.length === (savedTimes === 1 && !this.forgotten.has(photoId) ? variants.length : 0), `${savedTimes} times saved, ${keys.length} rows`);
      require(savedTimes === 0 || this.forgotten.has(photoId) || stored?.status === 'success', `a saved photo is ${stored?.status}`);
      require(!this.forgotten.has(photoId) || stored === undefined, 'a deleted photo has a job');
      require(this.marked.has(photoId) || keys.every((key) => this.objects.has(key)), 'a row has no object');
      const before = this.seen.get(photoId);
      require(!stored || !before || (stored.jobId === before.jobId && stored.fence >= before.fence), 'a job changed its id, or its fence went back');
      if (stored) {
        this.seen.set(photoId, stored);
      }
      const signals = this.signals.get(photoId)?.size ?? 0;
      require(signals <= 1 && savedTimes >= signals, `${signals} signals, ${savedTimes} times saved`);
    }
  }

  /** The workers die, what was lost is published again, and all is worked off: what must hold in the end. */
  async settle(): Promise<void> {
    this.hands.fill(undefined);
    for (const order of this.orders.filter(({ photoId }) => this.marked.has(photoId))) {
      await this.mark(order);
      await this.forget(order);
    }
    this.orders.filter(({ photoId }) => this.uploaded.has(photoId)).forEach((order) => this.publish(order));
    for (let message = this.queue.shift(); message; message = this.queue.shift()) {
      await this.take(0, message);
      const hand = this.hands[0];
      if (hand) {
        this.store(hand);
        await this.finish(0, hand);
        await this.announce(message, hand.job.jobId);
        this.hands[0] = undefined;
      }
    }
    await this.sweep();
    await this.check();
    const kept = this.orders.filter(({ photoId }) => this.uploaded.has(photoId) && !this.marked.has(photoId));
    require(kept.every(({ photoId }) => this.signals.get(photoId)?.size === 1), 'a photo was lost');
    require(this.objects.size === kept.length * variants.length, `${this.objects.size} objects of ${kept.length} photos`);
  }

  private removeObjects(photoId: PhotoId): void {
    [...this.objects].filter((key) => photoOfVariant(key) === photoId).forEach((key) => this.objects.delete(key));
  }
}

/** One thing that happens; `when` says whether it can. */
class Step implements fc.AsyncCommand<World, World> {
  constructor(
    private readonly name: string,
    private readonly when: (world: World) => boolean,
    private readonly work: (world: World) => Promise<void> | void,
  ) {}

  check(world: World): boolean {
    return this.when(world);
  }

  async run(_: World, world: World): Promise<void> {
    await this.work(world);
    await world.check();
  }

  toString(): string {
    return this.name;
  }
}

const photo = fc.nat(PHOTOS - 1);
const worker = fc.nat(WORKERS - 1);
const place = fc.nat(99);
const pick = (queue: Message[], at: number) => at % queue.length;

const take = fc.tuple(worker, place).map(([w, at]) => new Step(`take ${w} ${at}`, ({ hands, queue }) => !hands[w] && queue.length > 0, (world) => world.take(w, world.queue.splice(pick(world.queue, at), 1)[0]!)));

const steps = [
  photo.map((p) => new Step(`upload ${p}`, (world) => !world.uploaded.has(world.orders[p]!.photoId), (world) => {
    world.uploaded.add(world.orders[p]!.photoId);
    world.publish(world.orders[p]!);
  })),
  ...Array.from({ length: 3 }, () => take), // more often than mishaps, or little would ever be done
  worker.map((w) => new Step(`store ${w}`, ({ hands }) => hands[w]?.hasStored === false, (world) => {
    world.store(world.hands[w]!);
    world.hands[w]!.hasStored = true;
  })),
  worker.map((w) => new Step(`finish ${w}`, ({ hands }) => hands[w]?.hasStored === true && !hands[w].isSaved, (world) => world.finish(w, world.hands[w]!))),
  // The commit came through, its answer did not.
  worker.map((w) => new Step(`finish unheard ${w}`, ({ hands }) => hands[w]?.hasStored === true && !hands[w].isSaved, async (world) => {
    const hand = world.hands[w]!;
    await world.finish(w, hand);
    if (hand.isSaved) {
      await world.parts.jobs.fail(hand.job, { errorType: 'temporary', message: 'the connection broke', terminal: false });
      world.queue.push(hand.message);
      world.hands[w] = undefined;
    }
  })),
  worker.map((w) => new Step(`announce ${w}`, ({ hands }) => hands[w]?.isSaved === true, async (world) => {
    const { message, job } = world.hands[w]!;
    world.hands[w] = undefined;
    await world.announce(message, job.jobId);
  })),
  fc.tuple(worker, fc.boolean()).map(([w, terminal]) => new Step(`fail ${w}${terminal ? ' for good' : ''}`, ({ hands }) => hands[w]?.isSaved === false, async (world) => {
    const { message, job } = world.hands[w]!;
    world.hands[w] = undefined;
    await world.parts.jobs.fail(job, { errorType: 'temporary', message: 'away', terminal });
    if (!terminal) {
      world.queue.push(message);
    }
  })),
  worker.map((w) => new Step(`die ${w}`, ({ hands }) => hands[w] !== undefined, (world) => {
    world.queue.push(world.hands[w]!.message);
    world.hands[w] = undefined;
  })),
  // The broker takes a worker that stands still for a dead one.
  worker.map((w) => new Step(`redeliver ${w}`, ({ hands }) => hands[w] !== undefined, (world) => void world.queue.push(world.hands[w]!.message))),
  place.map((at) => new Step(`double ${at}`, ({ queue }) => queue.length > 0, ({ queue }) => void queue.push(queue[pick(queue, at)]!))),
  place.map((at) => new Step(`drop ${at}`, ({ queue }) => queue.length > 0, ({ queue }) => void queue.splice(pick(queue, at), 1))),
  photo.map((p) => new Step(`replay ${p}`, (world) => world.uploaded.has(world.orders[p]!.photoId), (world) => world.publish(world.orders[p]!))),
  photo.map((p) => new Step(`delete ${p}`, (world) => world.uploaded.has(world.orders[p]!.photoId), (world) => world.mark(world.orders[p]!))),
  photo.map((p) => new Step(`forget ${p}`, (world) => world.marked.has(world.orders[p]!.photoId), (world) => world.forget(world.orders[p]!))),
  fc.constant(new Step('sweep', () => true, (world) => world.sweep())),
];

/**
 * Walks at random through claims, ends, deaths, deletions, replays and sweeps of two workers below a broker that
 * drops, doubles and reorders, and holds every promise against what is stored after each step and in the end.
 * Rejects with the shortest walk that breaks one, and the seed to walk it again.
 *
 * @returns which outcomes of claims and ends were met: a walk that meets few has tried little
 */
export async function walkAugmentation(open: () => WalkedParts, { runs, seed }: { runs: number; seed?: number }): Promise<Set<string>> {
  const met = new Set<string>();
  const walk = fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
    const world = new World(open());
    await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
    await world.settle();
    world.outcomes.forEach((outcome) => met.add(outcome));
  });
  await fc.assert(walk, { numRuns: runs, seed });
  return met;
}

function reportOf(job: AugmentationJob): AugmentationReport {
  return {
    badQuality: false,
    quality: { sharpness: 500, brightness: 120, contrast: 40 },
    results: variants.map((plan) => ({ plan, objectKey: variantKey(job, plan), sha256: 'b'.repeat(64), bytes: 1_000, width: 4, height: 3, state: 'valid' })),
    elapsedMs: 1,
    fileSize: 1,
    stagesMs: {},
  };
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new Error(otherwise);
  }
}
