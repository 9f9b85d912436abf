import { Injectable } from '@nestjs/common';
import type { ClassifyAnswer, ClassifyRequest } from '@repo/contracts';
import type { UserId } from '@repo/kernel';
import { histogram } from '@repo/observability';
import { PhotoCatalogue, UploadNotFoundError, type Inference, type SimilarItem } from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import { Serving } from './serving.js';

/** Milliseconds matter here: from a search to a photo that waits its turn. */
const BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.25, 0.5, 1, 2.5];
const stageSeconds = histogram('classify_stage_seconds', 'Time of each stage of a classification; queue and forward are the network\'s', ['stage'], BUCKETS_S);

type Stages = ClassifyAnswer['stages'];

/** From an uploaded photo to its class and the items most like it. */
@Injectable()
export class ClassifyService {
  constructor(
    private readonly store: ObjectStore,
    private readonly serving: Serving,
    private readonly catalogue: PhotoCatalogue,
  ) {}

  /** Throws UploadNotFoundError, PhotoUndecodableError, ClassifierBusyError, TemporaryError. */
  async classify({ imagePath, ownerId, k, embedding }: ClassifyRequest): Promise<ClassifyAnswer> {
    const watch = new Stopwatch();
    const image = await this.store.get('temp', imagePath);
    if (!image) {
      throw new UploadNotFoundError(imagePath);
    }
    const fetch = watch.lap();
    return this.serving.use(async ({ version, labels, model, index }) => {
      const inference = await model.run(image);
      watch.lap();
      const similar = ownerId ? index.similar(ownerId as UserId, inference.embedding, k) : [];
      const search = watch.lap();
      const semelhantes = ownerId ? await this.nameItems(ownerId as UserId, similar) : [];
      const names = watch.lap();
      const stages = { fetch, ...inference.stagesMs, search, names, total: watch.total() };
      observe(stages);
      return {
        ...classOf(inference, labels),
        ...(embedding && { embedding: Array.from(inference.embedding) }),
        semelhantes,
        modelVersion: version ?? null,
        stages,
      };
    });
  }

  /** An item that was deleted a moment ago has no name any more, and is left out. */
  private async nameItems(ownerId: UserId, similar: readonly SimilarItem[]): Promise<ClassifyAnswer['semelhantes']> {
    const photos = await this.catalogue.named(ownerId, similar.map(({ photoId }) => photoId));
    const names = new Map(photos.map(({ photoId, name }) => [photoId, name]));
    return similar.flatMap(({ itemId, photoId, distance }) => {
      const nome = names.get(photoId);
      return nome === undefined ? [] : [{ itemId, fotoId: photoId, nome, distancia: distance }];
    });
  }
}

function classOf({ probabilities }: Inference, labels: readonly string[]): Pick<ClassifyAnswer, 'classe' | 'confianca' | 'probabilities'> {
  const byLabel = labels.map((label, place) => [label, probabilities?.[place] ?? 0] as const);
  const [classe, confianca] = byLabel.reduce<readonly [string | null, number]>((best, guess) => (guess[1] > best[1] ? guess : best), [null, 0]);
  return { classe, confianca, probabilities: Object.fromEntries(byLabel) };
}

function observe(stages: Stages): void {
  Object.entries(stages).forEach(([stage, milliseconds]) => stageSeconds.observe({ stage }, milliseconds / 1_000));
}

class Stopwatch {
  private readonly startedAt = performance.now();
  private lapAt = this.startedAt;

  /** Milliseconds since the last lap. */
  lap(): number {
    const before = this.lapAt;
    this.lapAt = performance.now();
    return this.lapAt - before;
  }

  total(): number {
    return performance.now() - this.startedAt;
  }
}
