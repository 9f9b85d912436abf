import { Injectable, Logger } from '@nestjs/common';
import { Clock, type TrainingRunId } from '@repo/kernel';
import {
  Backbone,
  EngineStarter,
  modelFolder,
  ModelFileBuilder,
  ModelMetricsStore,
  newModelVersion,
  recordWarmUp,
  testSetChecksum,
  warmUpPhotos,
  type ModelFile,
  type ModelMetrics,
  type ModelVersion,
  type TrainedHead,
  type TrainingReport,
  type WarmUpRecord,
} from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import type { TrainingHeartbeat } from './training-heartbeat.js';
import type { TrainingMaterial } from './training-material.service.js';

export type TrainedReport = Extract<TrainingReport, { outcome: 'trained' }>;

/** Folders without a manifest that are older than this were left by a killed training. */
const UNFINISHED_AFTER_MS = 60 * 60_000;

/** Writes a version: its files, the manifest last, then its figures. */
@Injectable()
export class ModelPublisher {
  private readonly logger = new Logger(ModelPublisher.name);

  constructor(
    private readonly builder: ModelFileBuilder,
    private readonly engines: EngineStarter,
    private readonly backbone: Backbone,
    private readonly store: ObjectStore,
    private readonly metrics: ModelMetricsStore,
    private readonly clock: Clock,
  ) {}

  /** Throws the signal's reason; then nothing of the version is left. */
  async publish(runId: TrainingRunId, report: TrainedReport, material: TrainingMaterial, heartbeat: TrainingHeartbeat): Promise<ModelVersion> {
    const createdAt = this.clock.now();
    const version = newModelVersion(createdAt, runId);
    const figures = this.figures(version, runId, report, createdAt);

    heartbeat.begin('writing');
    const warmUp = await this.tryOut(report.head);
    const files = await this.builder.build({
      version,
      backbone: this.backbone,
      head: report.head,
      vectors: material.vectors,
      metrics: { ...figures, warmUp },
      createdAt,
    });

    heartbeat.begin('uploading');
    await this.removeLeftovers(version, runId, createdAt);
    await this.upload(version, files, heartbeat);
    await this.metrics.save(figures);
    return version;
  }

  private figures(version: ModelVersion, runId: TrainingRunId, { head, metrics, lineage, history, testPhotos }: TrainedReport, timestamp: Date): ModelMetrics {
    return {
      version,
      runId,
      metrics,
      history,
      lineage: { ...lineage, backbone: this.backbone.info.id, labels: head.labels, testSet: testSetChecksum(testPhotos) },
      timestamp,
    };
  }

  /** What the version answers now, so that the classifier can tell whether it still does. */
  private async tryOut(head: TrainedHead): Promise<WarmUpRecord> {
    const engine = await this.engines.start();
    try {
      const model = await engine.load(await this.backbone.onnxWithHead(head));
      return recordWarmUp(await Promise.all(warmUpPhotos().map((photo) => model.run(photo))));
    } finally {
      await engine.close();
    }
  }

  private async upload(version: ModelVersion, files: readonly ModelFile[], heartbeat: TrainingHeartbeat): Promise<void> {
    try {
      for (const [place, { name, bytes, contentType }] of files.entries()) {
        heartbeat.signal.throwIfAborted();
        await this.store.put('models', `${modelFolder(version)}/${name}`, bytes, contentType);
        heartbeat.advance((place + 1) / files.length);
      }
    } catch (error) {
      await this.remove(modelFolder(version)).catch(() => {}); // the next training tries it again
      throw error;
    }
  }

  /** Folders without a manifest that nobody writes any more, and what an attempt at this same training stored before it died. */
  private async removeLeftovers(version: ModelVersion, runId: TrainingRunId, now: Date): Promise<void> {
    const folders = new Map<string, { isWhole: boolean; changedAt: Date }>();
    for await (const { key, modifiedAt } of this.store.list('models', 'models/')) {
      const folder = key.slice(0, key.lastIndexOf('/'));
      const known = folders.get(folder);
      folders.set(folder, {
        isWhole: known?.isWhole || key.endsWith('/manifest.json'),
        changedAt: known && known.changedAt > modifiedAt ? known.changedAt : modifiedAt,
      });
    }
    for (const [folder, { isWhole, changedAt }] of folders) {
      const isAbandoned = !isWhole && now.getTime() - changedAt.getTime() > UNFINISHED_AFTER_MS;
      if (isAbandoned || (await this.isOfThisTraining(folder, version, runId))) {
        this.logger.log({ msg: 'removing what an unfinished training left', folder });
        await this.remove(folder);
      }
    }
  }

  /** A training that is still to publish has published nothing: a version of its own was never noted, so nobody may use it. */
  private async isOfThisTraining(folder: string, version: ModelVersion, runId: TrainingRunId): Promise<boolean> {
    const other = folder.slice(folder.lastIndexOf('/') + 1) as ModelVersion;
    if (runPart(other) !== runPart(version)) {
      return false;
    }
    const figures = await this.metrics.get(other);
    return figures === undefined || figures.runId === runId;
  }

  private async remove(folder: string): Promise<void> {
    for await (const { key } of this.store.list('models', `${folder}/`)) {
      await this.store.remove('models', key);
    }
  }
}

/** The end of a version's name comes from its training's id. */
function runPart(version: ModelVersion): string {
  return version.slice(version.lastIndexOf('-'));
}
