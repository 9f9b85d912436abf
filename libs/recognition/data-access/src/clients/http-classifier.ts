import { classifyAnswer, servedVersionAnswer, type ClassifyRequest } from '@repo/contracts';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import {
  Classifier,
  ClassifierOverloadedError,
  ClassifierUnavailableError,
  DEFAULT_SIMILAR_ITEMS,
  PhotoUndecodableError,
  type Classification,
  type KnownBackbone,
} from '@repo/recognition-domain';
import type { ServiceAnswer, ServiceClient } from './service-client.js';

export class HttpClassifier extends Classifier {
  constructor(private readonly service: ServiceClient) {
    super();
  }

  async classify(imagePath: string, ownerId: UserId): Promise<Classification> {
    const request: ClassifyRequest = { imagePath, ownerId, k: DEFAULT_SIMILAR_ITEMS, embedding: false };
    const { status, body } = await this.service.post('/classify', request).catch((cause: unknown) => {
      throw new ClassifierUnavailableError({ cause });
    });
    if (status === 429) {
      throw new ClassifierOverloadedError();
    }
    if (status === 422) {
      throw new PhotoUndecodableError(messageOf(body));
    }
    return readAnswer({ status, body });
  }

  async backbone(): Promise<KnownBackbone> {
    const { status, body } = await this.service.get('/version').catch((cause: unknown) => {
      throw new ClassifierUnavailableError({ cause });
    });
    const { data } = servedVersionAnswer.safeParse(body);
    if (!data?.backbone) {
      throw new ClassifierUnavailableError({ cause: new Error(`the classifier answered ${status} when asked for its backbone: ${messageOf(body)}`) });
    }
    return data.backbone;
  }
}

function readAnswer({ status, body }: ServiceAnswer): Classification {
  const answer = classifyAnswer.safeParse(body);
  if (!answer.success) {
    throw new ClassifierUnavailableError({ cause: new Error(`the classifier answered ${status}: ${messageOf(body)}`) });
  }
  const { probabilities, modelVersion, semelhantes } = answer.data;
  return {
    probabilities: modelVersion === null ? undefined : probabilities,
    modelVersion: modelVersion ?? undefined,
    similar: semelhantes.map(({ itemId, fotoId, distancia }) => ({
      itemId: itemId as ItemId,
      photoId: fotoId as PhotoId,
      distance: distancia,
    })),
  };
}

function messageOf(body: unknown): string {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(body).slice(0, 200);
}
