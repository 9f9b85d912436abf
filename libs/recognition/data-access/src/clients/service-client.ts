import { TemporaryError } from '@repo/kernel';
import { Pool } from 'undici';

export interface ServiceClientOptions {
  /** e.g. `http://127.0.0.1:5001` */
  readonly url: string;
  /** OC_SERVICE_TOKEN. */
  readonly serviceToken: string;
  /** From sending to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Connections that wait for the next call: longer than a pause between two calls, shorter than the server's own limit of 5 s. */
const KEEP_ALIVE_MS = 4_000;
const CONNECTIONS = 32;
const CONNECT_TIMEOUT_MS = 1_000;

/** Calls one service of the platform over connections that stay open. */
export class ServiceClient {
  private readonly pool: Pool;

  constructor(private readonly options: ServiceClientOptions) {
    this.pool = new Pool(options.url, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  /** Any status is an answer. Throws TemporaryError when there is none in time, or it is not JSON. */
  post(path: string, body: unknown): Promise<ServiceAnswer> {
    return this.ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  /** As `post`. */
  get(path: string): Promise<ServiceAnswer> {
    return this.ask(path, { method: 'GET' });
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async ask(path: string, question: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string }): Promise<ServiceAnswer> {
    try {
      const answer = await this.pool.request({
        ...question,
        path,
        headers: { ...question.headers, authorization: `Bearer ${this.options.serviceToken}` },
        signal: AbortSignal.timeout(this.options.timeoutMs),
      });
      return { status: answer.statusCode, body: await answer.body.json() };
    } catch (error) {
      throw new TemporaryError(`${this.options.url} did not answer ${path}`, { cause: error });
    }
  }
}
