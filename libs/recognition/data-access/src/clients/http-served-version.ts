import { servedVersionAnswer } from '@repo/contracts';
import { TemporaryError } from '@repo/kernel';
import { ServedVersion } from '@repo/recognition-domain';
import type { ServiceClient } from './service-client.js';

export class HttpServedVersion extends ServedVersion {
  constructor(private readonly classifier: ServiceClient) {
    super();
  }

  async now(): Promise<string | undefined> {
    const { status, body } = await this.classifier.get('/version');
    const answer = servedVersionAnswer.safeParse(body);
    if (!answer.success) {
      throw new TemporaryError(`The classifier answered ${status} when asked for its version`);
    }
    return answer.data.modelVersion ?? undefined;
  }
}
