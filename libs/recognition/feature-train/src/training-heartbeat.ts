import type { Clock } from '@repo/kernel';
import {
  estimateSecondsLeft,
  overallPercent,
  type EpochReport,
  type TrainingClaim,
  type TrainingPhase,
  type TrainingProgress,
  type TrainingRuns,
} from '@repo/recognition-domain';

/** Progress is written at most twice a second. */
const WRITE_EVERY_MS = 500;
/** A lease is renewed this many times before it could end. */
const BEATS_IN_LEASE = 6;

/** Why a training stops before its end. */
export class TrainingStopped extends Error {
  constructor(readonly why: 'cancelled' | 'lost' | 'interrupted') {
    super(`The training was ${why}`);
  }
}

/** Keeps a run's lease while it works, writes its progress, and hears that it was cancelled. */
export class TrainingHeartbeat {
  progress: TrainingProgress;
  private readonly controller = new AbortController();
  private phaseStartedAt: number;
  private leaseUntil: number;
  private lastBeatAt = 0;
  private hasNews = true;
  private beating: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly claim: TrainingClaim,
    private readonly runs: TrainingRuns,
    private readonly clock: Clock,
    private readonly leaseMs: number,
  ) {
    // Of what a worker before us had learnt, only what it stored is taken up: its figures stay then.
    const { modelVersion, progress } = claim.run;
    this.progress = (modelVersion && progress) || { phase: 'gathering', percent: 0, epochs: [] };
    this.phaseStartedAt = this.now();
    this.leaseUntil = this.now() + leaseMs;
    this.timer = setInterval(() => this.beatIfDue(), WRITE_EVERY_MS);
  }

  /** Aborted with TrainingStopped; every step of the run watches it. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(phase: TrainingPhase, facts: Partial<TrainingProgress> = {}): void {
    this.phaseStartedAt = this.now();
    const { etaS: _, ...kept } = this.progress;
    this.change({ ...kept, ...facts, phase, percent: overallPercent(phase, 0) });
  }

  /** @param share of the phase that is done, 0 to 1 */
  advance(share: number, facts: Partial<TrainingProgress> = {}): void {
    const etaS = estimateSecondsLeft(this.now() - this.phaseStartedAt, share);
    this.change({ ...this.progress, ...facts, percent: overallPercent(this.progress.phase, share), ...(etaS !== undefined && { etaS }) });
  }

  addEpoch(epoch: EpochReport): void {
    this.advance(epoch.epoch / epoch.epochs, { epochs: [...this.progress.epochs, epoch] });
  }

  stop(why: TrainingStopped['why']): void {
    this.controller.abort(new TrainingStopped(why));
  }

  /** Ends the renewals, after the one that is on its way. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
  }

  private change(progress: TrainingProgress): void {
    this.progress = progress;
    this.hasNews = true;
  }

  private beatIfDue(): void {
    const isDue = this.hasNews || this.now() - this.lastBeatAt >= this.leaseMs / BEATS_IN_LEASE;
    if (isDue && !this.beating && !this.signal.aborted) {
      this.beating = this.beat().finally(() => (this.beating = undefined));
    }
  }

  private async beat(): Promise<void> {
    this.hasNews = false;
    this.lastBeatAt = this.now();
    const leaseUntil = this.now() + this.leaseMs;
    try {
      const answer = await this.runs.heartbeat(this.claim, new Date(leaseUntil), this.progress);
      if (answer === 'held') {
        this.leaseUntil = leaseUntil;
      } else {
        this.stop(answer);
      }
    } catch {
      this.hasNews = true; // the database is away: the next beat tries again, until another may have taken the run
      if (this.now() > this.leaseUntil) {
        this.stop('lost');
      }
    }
  }

  private now(): number {
    return this.clock.now().getTime();
  }
}
