import { Injectable } from '@nestjs/common';
import { adviseOnBackbone, Classifier, ClassifierUnavailableError, ModelMetricsStore, ModelRegistry, type KnownBackbone } from '@repo/recognition-domain';
import { answerModelBackbone } from './model-answers.js';
import type { BackboneAnswer } from './wire.js';

/** What recognition stands on: the backbone of the version in charge, and the one that the next training uses. */
@Injectable()
export class BackboneService {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly metrics: ModelMetricsStore,
    private readonly classifier: Classifier,
  ) {}

  /** While the classifier does not answer, what is kept of the version in charge alone. */
  async inUse(): Promise<BackboneAnswer> {
    const [active, next] = await Promise.all([this.registry.active(), this.found()]);
    const figures = active && (await this.metrics.get(active.version));
    const trainedOn = figures && answerModelBackbone(figures.lineage);
    return {
      modelVersion: active?.version ?? null,
      trainedOn,
      next,
      differs: trainedOn && next && trainedOn.id !== next.id,
      advice: next && adviseOnBackbone(next, trainedOn?.id),
    };
  }

  /** The classifier finds it as the training does, at the same start. */
  private async found(): Promise<KnownBackbone | undefined> {
    try {
      return await this.classifier.backbone();
    } catch (error) {
      if (error instanceof ClassifierUnavailableError) {
        return undefined;
      }
      throw error;
    }
  }
}
