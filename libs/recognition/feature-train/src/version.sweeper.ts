import { Injectable, Logger } from '@nestjs/common';
import { Clock, type TrainingRunId } from '@repo/kernel';
import { looksLikeVersionOf, ModelMetricsStore, ModelRegistry, versionsToRemove, type ModelState, type ModelVersion } from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';

const HOUR_MS = 60 * 60_000;
/** A folder without a manifest was left by a training that was killed; uploads take seconds. */
const UNFINISHED_AFTER_MS = HOUR_MS;
/** A whole folder that no registry knows: stored, but never announced. Its training may just be waiting for the backend. */
const UNKNOWN_AFTER_MS = 24 * HOUR_MS;

interface Folder {
  keys: string[];
  changedAt: Date;
}

/** Removes the files of versions that nobody will serve again. */
@Injectable()
export class VersionSweeper {
  private readonly logger = new Logger(VersionSweeper.name);

  constructor(
    private readonly registry: ModelRegistry,
    private readonly metrics: ModelMetricsStore,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws TemporaryError; what is left then goes with the next sweep.
   *
   * @param runId a training that is about to store its version: what it stored in an earlier attempt goes, too
   */
  async sweep(runId: TrainingRunId): Promise<void> {
    const now = this.clock.now();
    // First the mark: from then on it can't be activated, so no classifier begins to load it.
    for (const version of versionsToRemove(await this.registry.list(), now)) {
      await this.registry.remove(version);
    }
    const states = new Map((await this.registry.list()).map(({ path, state }) => [path, state]));
    for (const [path, folder] of await this.folders()) {
      if (isLeftOver(folder, states.get(path), now) || (await this.isEarlierAttempt(path, runId))) {
        await this.remove(path, folder);
      }
    }
  }

  /** A training that is still to store its version has noted none, so nobody may use one that it stored before. */
  private async isEarlierAttempt(path: string, runId: TrainingRunId): Promise<boolean> {
    const version = path.slice(path.lastIndexOf('/') + 1) as ModelVersion;
    if (!looksLikeVersionOf(version, runId)) {
      return false;
    }
    const figures = await this.metrics.get(version);
    return figures === undefined || figures.runId === runId;
  }

  private async folders(): Promise<Map<string, Folder>> {
    const folders = new Map<string, Folder>();
    for await (const { key, modifiedAt } of this.store.list('models', 'models/')) {
      const path = key.slice(0, key.lastIndexOf('/'));
      const { keys, changedAt } = folders.get(path) ?? { keys: [], changedAt: modifiedAt };
      folders.set(path, { keys: [...keys, key], changedAt: changedAt > modifiedAt ? changedAt : modifiedAt });
    }
    return folders;
  }

  private async remove(path: string, { keys }: Folder): Promise<void> {
    this.logger.log({ msg: 'removing the files of a version', path });
    for (const key of keys.sort((a, b) => Number(isManifest(b)) - Number(isManifest(a)))) {
      await this.store.remove('models', key); // the manifest first: what is left is no version then
    }
  }
}

function isLeftOver({ keys, changedAt }: Folder, state: ModelState | undefined, now: Date): boolean {
  const ageMs = now.getTime() - changedAt.getTime();
  if (state !== undefined) {
    return state === 'removed';
  }
  return ageMs > (keys.some(isManifest) ? UNKNOWN_AFTER_MS : UNFINISHED_AFTER_MS);
}

function isManifest(key: string): boolean {
  return key.endsWith('/manifest.json');
}
