/**
 * What there is to see of a message that was sent long ago:
 * - `settled`: it had its effect, or its end, or is not needed any more;
 * - `running`: somebody works on it;
 * - `lost`: no trace of it.
 */
export type Verdict = 'settled' | 'running' | 'lost';

/**
 * The work on a photo: `running` while its lease lasts, `stopped` when it ended without success. A failure is no
 * end of its message: that is its dead letter, and the failure may be of an earlier round.
 */
export type JobState = 'none' | 'running' | 'stopped' | 'success';

/** What the two databases know about one sent message and its photo. */
export interface MessageTraces {
  /** The photo is in the collection. */
  readonly photoExists: boolean;
  /** The message is among the dead letters, whatever people did with it there. */
  readonly isDeadLetter: boolean;
  /** Its deletion has begun. */
  readonly isMarkedRemoved: boolean;
  readonly job: JobState;
}

/** For a message that asks for a photo's variants. */
export function judgeAugmentation({ photoExists, isDeadLetter, isMarkedRemoved, job }: MessageTraces): Verdict {
  if (!photoExists || isMarkedRemoved || isDeadLetter || job === 'success') {
    return 'settled';
  }
  return job === 'running' ? 'running' : 'lost';
}

/** For a message that has a deleted photo cleared away: first the mark is made, last the job goes. */
export function judgeRemoval({ isDeadLetter, isMarkedRemoved, job }: MessageTraces): Verdict {
  return isDeadLetter || (isMarkedRemoved && job === 'none') ? 'settled' : 'lost';
}
