import { Injectable, Logger } from '@nestjs/common';
import { Clock, type TrainingRunId } from '@repo/kernel';
import {
  Backbone,
  backboneQuality,
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
import { VersionSweeper } from './version.sweeper.js';

export type TrainedReport = Extract<TrainingReport, { outcome: 'trained' }>;

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
    private readonly sweeper: VersionSweeper,
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
    await this.makeRoom(runId);
    await this.upload(version, files, heartbeat);
    await this.metrics.save(figures);
    return version;
  }

  private figures(version: ModelVersion, runId: TrainingRunId, { head, metrics, lineage, history, testPhotos }: TrainedReport, timestamp: Date): ModelMetrics {
    const { info } = this.backbone;
    return {
      version,
      runId,
      metrics,
      history,
      lineage: { ...lineage, backbone: info.id, backboneQuality: backboneQuality(info), labels: head.labels, testSet: testSetChecksum(testPhotos) },
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

  private async makeRoom(runId: TrainingRunId): Promise<void> {
    await this.sweeper.sweep(runId).catch((error: unknown) => this.logger.warn({ msg: 'old versions could not be removed', err: error })); // the next training does
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

  private async remove(folder: string): Promise<void> {
    for await (const { key } of this.store.list('models', `${folder}/`)) {
      await this.store.remove('models', key);
    }
  }
}
