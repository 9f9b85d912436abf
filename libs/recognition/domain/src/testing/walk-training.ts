import { newId, type PhotoId, type TrainingRunId, type UserId } from '@repo/kernel';
import fc from 'fast-check';
import { newModelVersion } from '../model-version.js';
import { canBecome, isFinished, TrainingFinishedError, type TrainingProgress, type TrainingRun } from '../training-run.js';
import type { TrainingClaim, TrainingResult, TrainingRuns } from '../training-runs.repository.js';
import { decideTraining, defaultTrainingRules } from '../training-schedule.js';

const WORKERS = 2;
const PHOTOS = 25;
const LEASE_MS = 30_000;
const ALL_RUNS = 1_000;

/** Everything outside of the tables: the clock, the workers, and what was seen so far. */
class World {
  /** In UTC milliseconds. */
  at = Date.UTC(2026, 0, 1);
  readonly people = [newId<UserId>(), newId<UserId>()];
  readonly photos: PhotoId[] = Array.from({ length: PHOTOS }, () => newId<PhotoId>());
  readonly hands: (TrainingClaim | undefined)[] = Array.from({ length: WORKERS }, () => undefined);
  readonly outcomes: string[] = [];
  private readonly counted = new Set<PhotoId>();
  private readonly seen = new Map<TrainingRunId, TrainingRun>();
  /** The highest fence that was ever given for a run. */
  private readonly fences = new Map<TrainingRunId, number>();
  /** Until when each run is its worker's, in UTC milliseconds. */
  private readonly leases = new Map<TrainingRunId, number>();
  private newPhotos = 0;

  constructor(readonly runs: TrainingRuns) {}

  get now(): Date {
    return new Date(this.at);
  }

  async claim(worker: number, id: TrainingRunId): Promise<void> {
    const claim = await this.runs.claim(id, this.now, new Date(this.at + LEASE_MS));
    this.outcomes.push(claim ? 'claimed' : 'not claimed');
    if (claim) {
      require(claim.fence > (this.fences.get(id) ?? 0), 'a fence was given twice');
      this.fences.set(id, claim.fence);
      this.leases.set(id, this.at + LEASE_MS);
      this.hands[worker] = claim;
    }
  }

  /** One look of the schedule, as every worker takes it. */
  async look(worker: number): Promise<void> {
    const { queued, ...state } = await this.runs.scheduleState();
    const decision = decideTraining({ ...state, queued: queued && { ...queued, photosAugmenting: 0 } }, this.now, defaultTrainingRules);
    if (decision.kind === 'requeue') {
      await this.runs.requeueLost(decision.id, this.now);
    } else if (decision.kind === 'request') {
      await this.runs.request({ motive: decision.motive, requestedBy: undefined, at: this.now });
    } else if (decision.kind === 'start' && !this.hands[worker]) {
      await this.claim(worker, decision.id);
    }
  }

  async heartbeat(worker: number): Promise<void> {
    const claim = this.hands[worker]!;
    const answer = await this.runs.heartbeat(claim, new Date(this.at + LEASE_MS), progress);
    this.heard(claim, answer === 'held', answer);
    if (answer === 'held') {
      this.leases.set(claim.run.id, this.at + LEASE_MS);
    } else {
      this.hands[worker] = undefined;
    }
  }

  async noteVersion(worker: number): Promise<void> {
    const claim = this.hands[worker]!;
    this.heard(claim, await this.runs.noteVersion(claim, newModelVersion(this.now, claim.run.id)), 'version');
  }

  /** The photos that the training had looked at are counted no more, as by the scheduler. */
  async finish(worker: number, result: TrainingResult): Promise<void> {
    const claim = this.hands[worker]!;
    this.hands[worker] = undefined;
    const isOurs = await this.runs.finish(claim, result, progress, this.now);
    this.heard(claim, isOurs, 'finished');
    if (isOurs) {
      await this.runs.clearNewPhotos(this.now);
    }
  }

  async release(worker: number, why: 'interrupted' | 'failed'): Promise<void> {
    const claim = this.hands[worker]!;
    this.hands[worker] = undefined;
    await this.runs.release(claim, why);
    if (claim.fence === this.fences.get(claim.run.id)) {
      this.leases.delete(claim.run.id);
    }
  }

  async cancel(run: TrainingRun): Promise<void> {
    try {
      await this.runs.cancel(run.id, 'by hand', this.now);
      require(!run.modelVersion, 'a training was cancelled whose version may serve');
    } catch (error) {
      require(error instanceof TrainingFinishedError && (isFinished(run.status) || run.modelVersion !== undefined), `a ${run.status} training could not be cancelled: ${String(error)}`);
    }
  }

  async count(photoId: PhotoId): Promise<void> {
    await this.runs.countNewPhoto(photoId, this.now);
    const { newPhotos } = await this.runs.scheduleState();
    const grewBy = newPhotos - this.newPhotos;
    require(grewBy === (this.counted.has(photoId) ? 0 : 1), `a photo ${this.counted.has(photoId) ? 'told again' : 'that is new'} counted ${grewBy}`);
    this.counted.add(photoId);
  }

  list(): Promise<TrainingRun[]> {
    return this.runs.list(ALL_RUNS);
  }

  /** What holds at every moment. */
  async check(): Promise<void> {
    const runs = await this.list();
    require(runs.filter(({ status }) => status === 'running').length <= 1, 'two trainings run');
    for (const run of runs) {
      const before = this.seen.get(run.id);
      if (before) {
        require(before.status === run.status || canBecome(before.status, run.status), `${before.status} became ${run.status}`);
        require(!isFinished(before.status) || JSON.stringify(before) === JSON.stringify(run), 'a training changed after its end');
        const isLeased = this.at <= (this.leases.get(run.id) ?? 0);
        require(!(before.status === 'running' && run.status === 'queued' && isLeased), 'a training was taken from a worker whose lease holds');
        require(!before.modelVersion || run.modelVersion !== undefined, 'a version was forgotten');
      }
      this.seen.set(run.id, run);
    }
    require(this.seen.size === runs.length, 'a training was lost');
    this.newPhotos = (await this.runs.scheduleState()).newPhotos;
  }

  /** The workers die and one comes back: every training comes to its end. */
  async settle(): Promise<void> {
    this.hands.fill(undefined);
    for (let looks = 0; (await this.list()).some(({ status }) => !isFinished(status)); looks += 1) {
      require(looks < 50, 'a training never ends');
      this.at += LEASE_MS + 1;
      await this.look(0);
      await this.check();
      if (this.hands[0]) {
        await this.finish(0, { status: 'done', reason: undefined });
      }
      await this.check();
    }
  }

  /** Nobody may write under an old fence. */
  private heard({ run, fence }: TrainingClaim, hasWritten: boolean, what: string): void {
    this.outcomes.push(`${what}: ${hasWritten}`);
    require(!hasWritten || fence === this.fences.get(run.id), `${what} was written under an old fence`);
  }
}

const progress: TrainingProgress = { phase: 'training', percent: 50, epochs: [] };

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

const worker = fc.nat(WORKERS - 1);
const always = () => true;
const isBusy = (w: number) => (world: World) => world.hands[w] !== undefined;
const results: TrainingResult[] = [{ status: 'done', reason: 'better' }, { status: 'refused', reasonCode: 'QUALITY_GATE', reason: 'worse' }, { status: 'failed', reasonCode: 'INTERNAL', reason: 'broken' }];
/** Does something to a run that a worker, or a person, saw some time ago. */
const onSome = (name: string, work: (world: World, run: TrainingRun) => Promise<void>) =>
  fc.nat(99).map((place) => new Step(`${name} ${place}`, always, async (world) => {
    const runs = await world.list();
    if (runs.length > 0) {
      await work(world, runs[place % runs.length]!);
    }
  }));

const steps = [
  fc.nat(2).map((who) => new Step(`request by ${who}`, always, async (world) => void (await world.runs.request({ motive: 'test', requestedBy: world.people[who], at: world.now })))),
  // Told twice and late, as by a broker that doubles and reorders.
  fc.nat(PHOTOS - 1).map((p) => new Step(`count ${p}`, always, (world) => world.count(world.photos[p]!))),
  fc.constant(new Step('count all', always, async (world) => {
    for (const photoId of world.photos) {
      await world.count(photoId);
      await world.check();
    }
  })),
  fc.constantFrom(1, 500, 15_000, LEASE_MS + 1, 600_000).map((ms) => new Step(`wait ${ms}`, always, (world) => void (world.at += ms))),
  worker.map((w) => new Step(`look ${w}`, always, (world) => world.look(w))),
  worker.map((w) => new Step(`heartbeat ${w}`, isBusy(w), (world) => world.heartbeat(w))),
  worker.map((w) => new Step(`version ${w}`, isBusy(w), (world) => world.noteVersion(w))),
  fc.tuple(worker, fc.nat(2)).map(([w, how]) => new Step(`finish ${w} ${results[how]!.status}`, isBusy(w), (world) => world.finish(w, results[how]!))),
  fc.tuple(worker, fc.constantFrom('interrupted' as const, 'failed' as const)).map(([w, why]) => new Step(`release ${w} ${why}`, isBusy(w), (world) => world.release(w, why))),
  worker.map((w) => new Step(`die ${w}`, isBusy(w), (world) => void (world.hands[w] = undefined))),
  onSome('cancel', (world, run) => world.cancel(run)),
  onSome('requeue late', (world, run) => world.runs.requeueLost(run.id, world.now)),
  onSome('note waiting late', (world, run) => world.runs.noteWaiting(run.id, { ...progress, phase: 'waiting' })),
  fc.tuple(worker, fc.nat(99)).map(([w, place]) => new Step(`claim late ${w} ${place}`, (world) => !isBusy(w)(world), async (world) => {
    const runs = await world.list();
    if (runs.length > 0) {
      await world.claim(w, runs[place % runs.length]!.id);
    }
  })),
];

/**
 * Walks at random through requests, claims, renewals, ends, cancellations and losses of two workers, photos told
 * doubly and late among them, and holds every promise against what is stored after each step and in the end.
 * Rejects with the shortest walk that breaks one, and the seed to walk it again.
 *
 * @returns which outcomes were met: a walk that meets few has tried little
 */
export async function walkTraining(open: () => TrainingRuns | Promise<TrainingRuns>, { runs, seed }: { runs: number; seed?: number }): Promise<Set<string>> {
  const met = new Set<string>();
  const walk = fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
    const world = new World(await open());
    await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
    await world.settle();
    world.outcomes.forEach((outcome) => met.add(outcome));
  });
  await fc.assert(walk, { numRuns: runs, seed });
  return met;
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new Error(otherwise);
  }
}
