import { Injectable, Logger } from '@nestjs/common';
import { TemporaryError } from '@repo/kernel';
import type { LoadedModel, ModelVersion } from '@repo/recognition-domain';
import type { PhotoIndex } from './photo-index.js';

const logger = new Logger('Serving');

/** Everything that answers a photo, of one version: a request that began with it ends with it. */
export interface Served {
  /** Undefined while no model was trained: then there are similar items, but no classes. */
  readonly version: ModelVersion | undefined;
  /** In the order of the probabilities. */
  readonly labels: readonly string[];
  /** `BackboneInfo.id` of its network. */
  readonly backbone: string;
  readonly model: LoadedModel;
  /** Vectors of the same network. */
  readonly index: PhotoIndex;
}

interface InUse {
  readonly served: Served;
  users: number;
  isReplaced: boolean;
}

/** What serves now. Swapping waits for nobody: requests in flight keep what they have. */
@Injectable()
export class Serving {
  private current: InUse | undefined;

  get now(): Served | undefined {
    return this.current?.served;
  }

  /** Runs `work` with what serves now; it stays loaded until `work` has ended. Throws TemporaryError before anything is loaded. */
  async use<Answer>(work: (served: Served) => Promise<Answer>): Promise<Answer> {
    const used = this.current;
    if (!used) {
      throw new TemporaryError('The classifier is still loading its network');
    }
    used.users += 1;
    try {
      return await work(used.served);
    } finally {
      used.users -= 1;
      void unloadIfUnused(used); // the answer needn't wait for it
    }
  }

  /** New requests get `next` from now on; the model before it is unloaded when its last request has ended. */
  async swap(next: Served): Promise<void> {
    const before = this.current;
    this.current = { served: next, users: 0, isReplaced: false };
    if (before) {
      before.isReplaced = true;
      await unloadIfUnused(before);
    }
  }

  async close(): Promise<void> {
    const last = this.current;
    this.current = undefined;
    if (last) {
      last.isReplaced = true;
      await unloadIfUnused(last);
    }
  }
}

async function unloadIfUnused({ served, users, isReplaced }: InUse): Promise<void> {
  if (isReplaced && users === 0) {
    // It serves nobody any more: failing to free it must fail nobody.
    await served.model.unload().catch((error: unknown) => logger.warn({ msg: 'a replaced model could not be unloaded', version: served.version, err: error }));
  }
}
