import { Injectable } from '@nestjs/common';
import { ForbiddenError, type SignedInUser } from '@repo/http';
import { Clock, type TrainingRunId } from '@repo/kernel';
import { PhotoCatalogue, TrainingRuns, type TrainingRun } from '@repo/recognition-domain';
import { answerEpoch } from './epoch-answer.js';
import { visibleClasses, type VisibleClasses } from './visible-classes.js';
import type { TrainingAnswer } from './wire.js';

const LISTED = 100;

/** Trainings as people see them: everybody's runs, but only one's own words. */
@Injectable()
export class TrainingsService {
  constructor(
    private readonly runs: TrainingRuns,
    private readonly catalogue: PhotoCatalogue,
    private readonly clock: Clock,
  ) {}

  async request(user: SignedInUser, motive: string | undefined): Promise<TrainingAnswer> {
    return this.answer(await this.runs.request({ motive, requestedBy: user.id, at: this.clock.now() }), user);
  }

  /** Newest first. */
  async list(user: SignedInUser): Promise<TrainingAnswer[]> {
    return this.answerAll(await this.runs.list(LISTED), user);
  }

  /** Throws TrainingNotFoundError. */
  async get(user: SignedInUser, id: TrainingRunId): Promise<TrainingAnswer> {
    return this.answer(await this.runs.get(id), user);
  }

  /** Throws TrainingNotFoundError, TrainingFinishedError, ForbiddenError for somebody else's. */
  async cancel(user: SignedInUser, id: TrainingRunId): Promise<TrainingAnswer> {
    const { requestedBy } = await this.runs.get(id);
    if (!isTheirs(user, requestedBy)) {
      throw new ForbiddenError();
    }
    const reason = user.id === requestedBy ? 'cancelled by who asked for it' : 'cancelled by an administrator';
    return this.answer(await this.runs.cancel(id, reason, this.clock.now()), user);
  }

  private async answer(run: TrainingRun, user: SignedInUser): Promise<TrainingAnswer> {
    const [answer] = await this.answerAll([run], user);
    return answer!;
  }

  private async answerAll(runs: readonly TrainingRun[], user: SignedInUser): Promise<TrainingAnswer[]> {
    const nameClasses = runs.some(({ progress }) => progress?.leftOut?.length);
    const isVisible = nameClasses ? await visibleClasses(user, this.catalogue) : () => false;
    return runs.map((run) => answerTraining(run, user, isVisible));
  }
}

/** What everybody may read where the run's own words name other people's categories, or the machine's insides. */
const publicReasons: Readonly<Record<string, string>> = {
  TOO_FEW_CATEGORIES: 'A training needs photos in at least 2 categories',
  TOO_FEW_PHOTOS: 'A training needs more photos in some category; an administrator sees in which',
  TOO_FEW_ITEMS: 'A training needs more items in some category; an administrator sees in which',
};
const FAILED = 'Something went wrong; an administrator sees what';

function reasonFor({ status, reasonCode = '', reason }: TrainingRun, user: SignedInUser): string | undefined {
  if (user.role === 'admin') {
    return reason;
  }
  return status === 'failed' ? FAILED : (publicReasons[reasonCode] ?? reason);
}

function isTheirs(user: SignedInUser, requestedBy: TrainingRun['requestedBy']): boolean {
  return user.role === 'admin' || user.id === requestedBy;
}

function answerTraining(run: TrainingRun, user: SignedInUser, isVisible: VisibleClasses): TrainingAnswer {
  const { id, status, motive, requestedBy, requestedAt, startedAt, finishedAt, reasonCode, modelVersion, progress } = run;
  return {
    id,
    status,
    motivo: requestedBy === undefined || isTheirs(user, requestedBy) ? motive : undefined,
    requestedAt: requestedAt.toISOString(),
    startedAt: startedAt?.toISOString(),
    finishedAt: finishedAt?.toISOString(),
    reasonCode,
    reason: reasonFor(run, user),
    modelVersion,
    progress: progress && { ...progress, epochs: progress.epochs.map(answerEpoch), leftOut: progress.leftOut?.filter(({ label }) => isVisible(label)) },
  };
}
