import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { NetworkDetail } from '@repo/contracts';
import { TemporaryError } from '@repo/kernel';
import { gauge, type HealthCheck, type PartRemarks } from '@repo/observability';
import { adviseOnBackbone, Backbone, describeBackbone } from '@repo/recognition-domain';
import { ModelKeeper } from './model-keeper.js';
import { Repeating } from './repeat.js';
import { Serving } from './serving.js';

const EVERY_MS = 1_000;
const COMPARE_EVERY_MS = 60_000;
/** While photos wait for their vectors there is no pause; else this long until the next look. */
const IDLE_MS = 200;
/** An index that was not brought up to date for this long is stale. */
const STALE_MS = 15_000;

/** Keeps model and index up to date while requests are answered. */
@Injectable()
export class ClassifierUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Resolves when the network and the stored vectors are in memory for the first time. */
  readonly firstReady: Promise<void>;
  private announceReady!: () => void;
  private tasks: Repeating[] = [];
  private followedAt = -Infinity;

  constructor(
    private readonly models: ModelKeeper,
    private readonly serving: Serving,
    private readonly backbone: Backbone,
  ) {
    this.firstReady = new Promise((resolve) => (this.announceReady = resolve));
    gauge('classifier_index_vectors', 'Photos that can be found', [], function () {
      this.set(serving.now?.index.size ?? 0);
    });
    gauge('classifier_index_waiting', 'Photos that wait for their vector', [], function () {
      this.set(serving.now?.index.waiting ?? 0);
    });
  }

  onApplicationBootstrap(): void {
    this.tasks = [
      new Repeating('bringing in the active model', EVERY_MS, () => this.models.keepUp()),
      new Repeating('following the collection', EVERY_MS, () => this.follow()),
      new Repeating('comparing the index with the collection', COMPARE_EVERY_MS, async () => this.serving.now?.index.compare()),
      new Repeating('embedding new photos', IDLE_MS, () => this.embedNext()),
    ];
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.stop()));
    await this.serving.close();
  }

  /** Ready: a network is loaded, and the index saw the collection a moment ago. */
  get healthChecks(): HealthCheck[] {
    return [
      { name: 'network', check: async () => this.describeNetwork() },
      { name: 'index', check: async () => requireThat(performance.now() - this.followedAt < STALE_MS, 'the index is not up to date') },
    ];
  }

  private describeNetwork(): PartRemarks {
    const served = this.serving.now;
    requireThat(served, 'no network is loaded');
    const backbone = describeBackbone(this.backbone.info);
    const advice = adviseOnBackbone(backbone, served.backbone);
    const detail: NetworkDetail = { backbone, trainedOn: served.backbone === backbone.id ? undefined : served.backbone, advice };
    return { detail };
  }

  private async follow(): Promise<void> {
    const index = this.serving.now?.index;
    if (index) {
      await index.follow();
      this.followedAt = performance.now();
      this.announceReady();
    }
  }

  private embedNext(): Promise<boolean> {
    return this.serving.now ? this.serving.use(({ index, model }) => index.embedNext(model)) : Promise.resolve(false);
  }
}

function requireThat(holds: unknown, otherwise: string): asserts holds {
  if (!holds) {
    throw new TemporaryError(otherwise);
  }
}
