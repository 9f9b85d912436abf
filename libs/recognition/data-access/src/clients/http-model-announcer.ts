import { updateModelVersionAnswer } from '@repo/contracts';
import { PermanentError, TemporaryError } from '@repo/kernel';
import { ModelAnnouncer, modelFolder, modelIndexKey, type ModelState, type ModelVersion } from '@repo/recognition-domain';
import type { ServiceClient } from './service-client.js';

/** A 4xx that is no refusal of the version: the backend is busy, or it is just starting. */
const WORTH_REPEATING = new Set([408, 425, 429]);

export class HttpModelAnnouncer extends ModelAnnouncer {
  constructor(private readonly service: ServiceClient) {
    super();
  }

  /** Throws PermanentError when the backend refuses the call itself. */
  async announce(version: ModelVersion): Promise<{ state: ModelState; reason: string | undefined }> {
    const { status, body } = await this.service.post('/api/UpdateModelVersion', { modelPath: modelFolder(version), embeddings: modelIndexKey(version) });
    if (status >= 500 || WORTH_REPEATING.has(status)) {
      throw new TemporaryError(`The backend answered ${status} to version ${version}`);
    }
    const answer = updateModelVersionAnswer.safeParse(body);
    if (status >= 400 || !answer.success) {
      throw new PermanentError(`The backend answered ${status} to version ${version}: ${JSON.stringify(body).slice(0, 200)}`);
    }
    return { state: answer.data.state, reason: answer.data.reason ?? undefined };
  }
}
