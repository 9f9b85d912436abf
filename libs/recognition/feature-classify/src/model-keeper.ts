import { Injectable, Logger } from '@nestjs/common';
import { Clock, TemporaryError } from '@repo/kernel';
import { counter, ErrorReporter, gauge } from '@repo/observability';
import { ModelRegistry, type ModelVersion } from '@repo/recognition-domain';
import { ModelLoader, type Loaded } from './model-loader.js';
import type { PhotoIndex } from './photo-index.js';
import { PhotoIndexes } from './photo-indexes.js';
import { Serving } from './serving.js';

/** A version that can't serve is looked at again after this long: somebody may have put its files right. */
const TRY_AGAIN_AFTER_MS = 60_000;

const refusedVersions = counter('classifier_versions_refused_total', 'Active versions whose files could not be served');
const servedVersion = gauge('classifier_version', '1 for the version that serves', ['version']);

/** Sees to it that the active version serves: loads it beside the present one, then swaps. */
@Injectable()
export class ModelKeeper {
  private readonly logger = new Logger(ModelKeeper.name);
  private unusable: { version: ModelVersion; why: string; until: number } | undefined;

  constructor(
    private readonly registry: ModelRegistry,
    private readonly loader: ModelLoader,
    private readonly indexes: PhotoIndexes,
    private readonly serving: Serving,
    private readonly reporter: ErrorReporter,
    private readonly clock: Clock,
  ) {}

  /** Called again and again. Throws TemporaryError when database or store don't answer. */
  async keepUp(): Promise<void> {
    const active = (await this.registry.active())?.version;
    if (active && active !== this.serving.now?.version && !this.isUnusable(active)) {
      await this.bringIn(active);
    }
    if (!this.serving.now) {
      await this.serve(await this.loader.loadBackbone());
    }
  }

  private async bringIn(version: ModelVersion): Promise<void> {
    const before = this.serving.now?.version;
    try {
      await this.serve(await this.loader.loadVersion(version));
      await this.loader.forgetOthers([version, before]);
    } catch (error) {
      if (error instanceof TemporaryError) {
        throw error;
      }
      this.refuse(version, error, before);
    }
  }

  /** Somebody is told once, not each minute that it stays so. */
  private refuse(version: ModelVersion, error: unknown, before: ModelVersion | undefined): void {
    const why = String(error);
    const isNews = this.unusable?.version !== version || this.unusable.why !== why;
    this.unusable = { version, why, until: this.clock.now().getTime() + TRY_AGAIN_AFTER_MS };
    refusedVersions.inc();
    if (isNews) {
      this.reporter.report(error, { doing: 'loading the active model', version, stillServing: before ?? 'the backbone alone' });
    }
  }

  private async serve(loaded: Loaded): Promise<void> {
    try {
      const index = await this.indexFor(loaded);
      const { version, labels, backbone, model } = loaded;
      await this.serving.swap({ version, labels, backbone, model, index });
      servedVersion.reset();
      servedVersion.set({ version: version ?? 'none' }, 1);
      this.logger.log({ msg: 'serving', version: version ?? 'the backbone alone', classes: labels.length, space: index.space, vectors: index.size, index: index.kind });
    } catch (error) {
      await loaded.model.unload();
      throw error;
    }
  }

  /** The present index where the vectors are the same network's; else a new one, filled before it takes over. */
  private async indexFor({ space, model }: Loaded): Promise<PhotoIndex> {
    const present = this.serving.now?.index;
    if (present?.space === space) {
      return present;
    }
    const index = this.indexes.create(space);
    await index.load();
    // At the start there is nothing to serve meanwhile: photos without vectors follow one by one.
    while (present && (await index.embedNext(model))) {
      await index.follow();
    }
    return index;
  }

  private isUnusable(version: ModelVersion): boolean {
    return this.unusable?.version === version && this.clock.now().getTime() < this.unusable.until;
  }
}
