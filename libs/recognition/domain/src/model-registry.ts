import { DomainError } from '@repo/kernel';
import type { ModelVersion } from './model-version.js';

/**
 * `candidate`: announced, not judged yet. `active`: serves; at most one.
 * `retired`: served before, can come back. `refused`: the gate said no. `removed`: its files are gone.
 */
export type ModelState = 'candidate' | 'active' | 'retired' | 'refused' | 'removed';

const nextStates: Record<ModelState, readonly ModelState[]> = {
  candidate: ['active', 'retired', 'refused', 'removed'],
  active: ['retired'],
  retired: ['active', 'removed'],
  refused: ['removed'],
  removed: [],
};

export function mayBecome(from: ModelState, to: ModelState): boolean {
  return nextStates[from].includes(to);
}

/** The states from which `to` can be reached; what an UPDATE must find. */
export function statesBefore(to: ModelState): ModelState[] {
  return (Object.keys(nextStates) as ModelState[]).filter((from) => mayBecome(from, to));
}

export interface RegisteredModel {
  readonly version: ModelVersion;
  readonly state: ModelState;
  readonly createdAt: Date;
  /** When it last began to serve. */
  readonly activatedAt: Date | undefined;
  /** Folder in the bucket `models`. */
  readonly path: string;
  /** Key of its vectors in the bucket `models`. */
  readonly embeddings: string;
  /** What the gate said. */
  readonly reason: string | undefined;
}

/** Which version serves. The row is the truth (X33); every method throws TemporaryError when the database can't answer now. */
export abstract class ModelRegistry {
  /** Answers the stored row when the version is known already, whatever its state. */
  abstract register(version: ModelVersion, at: Date): Promise<RegisteredModel>;

  /** Newest first. */
  abstract list(): Promise<RegisteredModel[]>;

  /** Throws ModelNotFoundError. */
  abstract get(version: ModelVersion): Promise<RegisteredModel>;

  abstract active(): Promise<RegisteredModel | undefined>;

  /**
   * Makes a version active and retires the one before, both or neither.
   * Answers false, and changes nothing, when the active version is not `replacing` any more.
   * Throws ModelNotFoundError, ModelNotActivatableError.
   */
  abstract activate(version: ModelVersion, replacing: ModelVersion | undefined, reason: string, at: Date): Promise<boolean>;

  /** Turns a candidate down: `refused`, or `retired` when a newer one came first. Does nothing to a version that is no candidate. */
  abstract turnDown(version: ModelVersion, state: 'refused' | 'retired', reason: string): Promise<void>;

  /** From now on the version can't be activated, so that its files may go. False, and nothing changed, for the active one. */
  abstract remove(version: ModelVersion): Promise<boolean>;
}

export class ModelNotFoundError extends DomainError {
  readonly code = 'MODEL_NOT_FOUND';
  constructor(version: string) {
    super(`There is no model version ${version}`);
  }
}

export class ModelNotActivatableError extends DomainError {
  readonly code = 'MODEL_NOT_ACTIVATABLE';
  constructor(version: string, state: ModelState) {
    super(`Version ${version} is ${state}: only a version that was let through and has its files can be activated`);
  }
}
