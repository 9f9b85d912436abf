import { withDeadline } from '@repo/kernel';

/** What a part that works has to say, to anyone: nothing of the machine's insides. */
export interface PartRemarks {
  detail?: Readonly<Record<string, unknown>>;
}

/** One part that a service needs, proved by a round trip. */
export interface HealthCheck {
  /** e.g. `messages`; shown in the answer. */
  name: string;
  /** Throws when the part does not work. A connection that is merely open proves nothing. */
  check(): Promise<PartRemarks | void>;
  /** True for a part without which the service still does most of its work: it is reported, and the service stays ready. */
  optional?: boolean;
}

export interface PartHealth extends PartRemarks {
  name: string;
  state: 'ok' | 'failed';
  durationMs: number;
  /** Why it failed, in words that may be shown to anyone. */
  reason?: string;
}

export interface HealthReport {
  /** `degraded` when only optional parts failed. */
  status: 'ok' | 'degraded' | 'failed';
  parts: PartHealth[];
}

const checkDeadlineMs = 2_000;
/** Probes of several watchers share one round trip. */
const reportLifeMs = 1_000;

/** Asks every part at once and keeps the answer for a second. */
export class Health {
  private latest?: { report: Promise<HealthReport>; askedAt: number };

  constructor(private readonly checks: readonly HealthCheck[]) {}

  /** Never throws: a part that fails is part of the report. */
  report(): Promise<HealthReport> {
    const now = performance.now();
    if (!this.latest || now - this.latest.askedAt > reportLifeMs) {
      this.latest = { report: this.askAll(), askedAt: now };
    }
    return this.latest.report;
  }

  private async askAll(): Promise<HealthReport> {
    const parts = await Promise.all(this.checks.map(askPart));
    const failed = this.checks.filter((_, index) => parts[index]?.state === 'failed');
    const needed = failed.filter(({ optional }) => !optional);
    return { status: needed.length > 0 ? 'failed' : failed.length > 0 ? 'degraded' : 'ok', parts };
  }
}

async function askPart(part: HealthCheck): Promise<PartHealth> {
  const startedAt = performance.now();
  const outcome = await withDeadline(part.name, checkDeadlineMs, Promise.resolve().then(() => part.check())).then(
    (remarks) => ({ ...remarks, state: 'ok' as const }),
    (error: unknown) => ({ state: 'failed' as const, reason: publicReason(error) }),
  );
  return { name: part.name, ...outcome, durationMs: Math.round(performance.now() - startedAt) };
}

// Health pages are open to all: a driver's message may name hosts and users, an error's code doesn't.
function publicReason(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'failed').slice(0, 60);
}
