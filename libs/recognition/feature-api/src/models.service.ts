import { Injectable, Logger } from '@nestjs/common';
import type { SignedInUser } from '@repo/http';
import { Clock, InvalidInputError } from '@repo/kernel';
import {
  defaultGateRules,
  modelFolder,
  ModelFilesInvalidError,
  modelIndexKey,
  ModelMetricsStore,
  ModelNotFoundError,
  ModelRegistry,
  PhotoCatalogue,
  promoteModel,
  versionOfFolder,
  type ModelVersion,
  type RegisteredModel,
} from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import { answerModel, answerReport } from './model-answers.js';
import { visibleClasses } from './visible-classes.js';
import type { ModelAnswer, ModelReportAnswer } from './wire.js';

/** Versions of the model: what they reached, which one serves. */
@Injectable()
export class ModelsService {
  private readonly logger = new Logger(ModelsService.name);

  constructor(
    private readonly registry: ModelRegistry,
    private readonly metrics: ModelMetricsStore,
    private readonly catalogue: PhotoCatalogue,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
  ) {}

  /** Newest first. */
  async list(): Promise<ModelAnswer[]> {
    const models = await this.registry.list();
    const metrics = await this.metrics.getMany(models.map(({ version }) => version));
    return models.map((model) => answerModel(model, metrics.find(({ version }) => version === model.version)));
  }

  /** Throws ModelNotFoundError. */
  async report(user: SignedInUser, version: ModelVersion): Promise<ModelReportAnswer> {
    const [model, metrics, classes] = await Promise.all([this.registry.get(version), this.metrics.get(version), visibleClasses(user, this.catalogue)]);
    return answerReport(model, metrics, classes);
  }

  /** Throws ModelNotFoundError, ModelNotActivatableError. */
  async activate(user: SignedInUser, version: ModelVersion): Promise<ModelAnswer> {
    for (;;) {
      const active = await this.registry.active();
      if (active?.version === version) {
        return this.answer(active);
      }
      if (await this.registry.activate(version, active?.version, 'activated by an administrator', this.clock.now())) {
        this.logger.log({ msg: 'a version was activated by hand', version, replacing: active?.version, by: user.id });
        return this.answer(await this.registry.get(version));
      }
    }
  }

  /** Throws InvalidInputError for another path than a version's, ModelFilesInvalidError when its files are not there, ModelNotFoundError without figures. */
  async announce(modelPath: string, embeddings: string): Promise<RegisteredModel> {
    const version = versionOfFolder(modelPath);
    if (embeddings !== modelIndexKey(version)) {
      throw new InvalidInputError(`embeddings must be ${modelIndexKey(version)}, got "${embeddings.slice(0, 80)}"`);
    }
    const judged = await this.judged(version);
    if (judged) {
      return judged;
    }
    await this.requireFiles(version);
    const model = await promoteModel(version, { registry: this.registry, metrics: this.metrics, clock: this.clock, rules: defaultGateRules });
    this.logger.log({ msg: 'a version was announced', version, state: model.state, reason: model.reason });
    return model;
  }

  /** Undefined for a version that is new, or not judged yet. */
  private async judged(version: ModelVersion): Promise<RegisteredModel | undefined> {
    const model = await this.registry.get(version).catch((error: unknown) => {
      if (!(error instanceof ModelNotFoundError)) {
        throw error;
      }
      return undefined;
    });
    return model?.state === 'candidate' ? undefined : model;
  }

  private async requireFiles(version: ModelVersion): Promise<void> {
    for (const key of [`${modelFolder(version)}/manifest.json`, modelIndexKey(version)]) {
      if (!(await this.store.head('models', key))) {
        throw new ModelFilesInvalidError(`Model ${version}: ${key} is missing`);
      }
    }
  }

  private async answer(model: RegisteredModel): Promise<ModelAnswer> {
    return answerModel(model, await this.metrics.get(model.version));
  }
}

