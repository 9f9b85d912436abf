import { Injectable } from '@nestjs/common';
import {
  Backbone,
  checkWarmUp,
  embeddingSpace,
  InferenceEngine,
  ModelFilesInvalidError,
  warmUpPhotos,
  type LoadedModel,
  type ModelFileName,
  type ModelVersion,
  type WarmUpRecord,
} from '@repo/recognition-domain';
import { ClassifierSettings } from './classifier-settings.js';
import { ModelFileCache, type VerifiedFiles } from './model-file-cache.js';

export interface Loaded {
  readonly version: ModelVersion | undefined;
  readonly labels: readonly string[];
  /** `BackboneInfo.id` of its network. */
  readonly backbone: string;
  readonly model: LoadedModel;
  /** In which its vectors lie. */
  readonly space: string;
}

/** Brings networks into memory: those of versions, checked and warmed up, or the backbone alone. */
@Injectable()
export class ModelLoader {
  constructor(
    private readonly cache: ModelFileCache,
    private readonly engine: InferenceEngine,
    private readonly backbone: Backbone,
    private readonly settings: ClassifierSettings,
  ) {}

  /** Throws ModelFilesInvalidError or ModelUnusableError when the version must not serve, TemporaryError when it can't be told now. */
  async loadVersion(version: ModelVersion): Promise<Loaded> {
    const { precision } = this.settings;
    const network: ModelFileName = precision === 'int8' ? 'model-int8.onnx' : 'model.onnx';
    const { manifest, files } = await this.cache.read(version, [network, 'labels.json', 'metrics.json']);
    const labels = readJson<string[]>(version, files, 'labels.json');
    const { warmUp } = readJson<{ warmUp: WarmUpRecord }>(version, files, 'metrics.json');
    const model = await this.engine.load(files.get(network) ?? Buffer.alloc(0));
    try {
      const answers = await Promise.all(warmUpPhotos().map((photo) => model.run(photo, { priority: 'background' })));
      checkWarmUp(version, warmUp, answers, precision);
      if (answers.some(({ probabilities }) => probabilities?.length !== labels.length)) {
        throw new ModelFilesInvalidError(`Model ${version}: its ${labels.length} labels are not those of its network`);
      }
    } catch (error) {
      await model.unload();
      throw error;
    }
    return { version, labels, backbone: manifest.backbone, model, space: embeddingSpace({ id: manifest.backbone }, precision) };
  }

  async loadBackbone(): Promise<Loaded> {
    const { precision } = this.settings;
    const { info } = this.backbone;
    const model = await this.engine.load(await this.backbone.onnx(precision));
    await Promise.all(warmUpPhotos().map((photo) => model.run(photo, { priority: 'background' })));
    return { version: undefined, labels: [], backbone: info.id, model, space: embeddingSpace(info, precision) };
  }

  /** Lets go of the files of all versions but the one that serves and the one before it. */
  async forgetOthers(versions: readonly (ModelVersion | undefined)[]): Promise<void> {
    await this.cache.keepOnly(versions.filter((version) => version !== undefined));
  }
}

function readJson<Value>(version: ModelVersion, files: VerifiedFiles['files'], name: ModelFileName): Value {
  try {
    return JSON.parse(String(files.get(name))) as Value;
  } catch (cause) {
    throw new ModelFilesInvalidError(`Model ${version}: ${name} is not JSON`, { cause });
  }
}
