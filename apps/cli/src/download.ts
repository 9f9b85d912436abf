import { setTimeout as sleep } from 'node:timers/promises';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { UsageError } from './exit-code.js';

export interface DownloadOptions {
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in capitals or not, are honoured. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The largest file that is taken. */
  readonly mostBytes: number;
  /** Time without a byte after which a connection counts as broken. */
  readonly silenceMs: number;
  /** Before each further try. */
  readonly pausesMs: readonly number[];
  /** @param total undefined where the server does not say it */
  readonly onProgress: (received: number, total: number | undefined) => void;
  /** Told before each wait for another try. */
  readonly onRetry: (seconds: number, why: Error) => void;
}

/** `answered`: the server has no such file or refuses it; `large`: above the limit; `broken`: nobody answers, or not to the end. */
export class DownloadError extends Error {
  constructor(
    readonly why: 'answered' | 'large' | 'broken',
    message: string,
    /** Another try may succeed. */
    readonly isPassing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Busy or down, says the server. */
const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Fetches a file into memory. Where a connection breaks, the next try goes on, or begins anew if the server can't. Throws DownloadError, UsageError for a proxy that is no address, and the signal's reason.
 */
export async function download(address: URL, options: DownloadOptions): Promise<Buffer> {
  const dispatcher = proxyAgent(options);
  const transfer = new Transfer(address, dispatcher, options);
  try {
    for (const pauseMs of options.pausesMs) {
      try {
        return await transfer.run();
      } catch (error) {
        if (!(error instanceof DownloadError) || !error.isPassing) {
          throw error;
        }
        options.onRetry(pauseMs / 1000, error);
        await sleep(pauseMs, undefined, { signal: options.signal });
      }
    }
    return await transfer.run();
  } finally {
    await dispatcher.destroy();
  }
}

function proxyAgent({ environment, silenceMs }: DownloadOptions): EnvHttpProxyAgent {
  const named = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  const [httpProxy, httpsProxy, noProxy] = [named('HTTP_PROXY'), named('HTTPS_PROXY'), named('NO_PROXY')];
  try {
    return new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, connectTimeout: silenceMs, headersTimeout: silenceMs, bodyTimeout: silenceMs });
  } catch (cause) {
    throw new UsageError(`HTTP_PROXY, HTTPS_PROXY: ${(cause as Error).message}`, { cause });
  }
}

/** What has come so far, over all tries. */
class Transfer {
  private chunks: Uint8Array[] = [];
  private received = 0;
  /** Names what the chunks are part of; without it there is nothing to go on from. */
  private etag: string | undefined;

  constructor(
    private readonly address: URL,
    private readonly dispatcher: EnvHttpProxyAgent,
    private readonly options: DownloadOptions,
  ) {}

  async run(): Promise<Buffer> {
    const { signal } = this.options;
    try {
      const headers = { 'accept-encoding': 'identity', ...(this.etag && { range: `bytes=${this.received}-`, 'if-range': this.etag }) };
      await this.receive(await fetch(this.address, { dispatcher: this.dispatcher, signal, headers }));
      return Buffer.concat(this.chunks);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof DownloadError ? error : new DownloadError('broken', this.reasonOf(error as Error), true, { cause: error });
    }
  }

  private async receive(response: Response): Promise<void> {
    const { mostBytes, onProgress } = this.options;
    if (!response.ok || !response.body) {
      throw new DownloadError('answered', `${response.status} ${response.statusText}`.trim(), passingStatuses.has(response.status));
    }
    const etag = response.headers.get('etag');
    this.etag = etag?.startsWith('"') ? etag : undefined; // a weak one does not promise the same bytes
    if (response.status !== 206) {
      this.chunks = [];
      this.received = 0;
    } else if (!response.headers.get('content-range')?.startsWith(`bytes ${this.received}-`)) {
      this.etag = undefined;
      throw new DownloadError('broken', 'another part came than was asked for', true);
    }
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : this.received + Number(length);
    if ((total ?? 0) > mostBytes) {
      throw tooLarge(mostBytes);
    }
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      this.chunks.push(chunk);
      this.received += chunk.length;
      if (this.received > mostBytes) {
        throw tooLarge(mostBytes);
      }
      onProgress(this.received, total);
    }
  }

  private reasonOf({ message, cause }: Error): string {
    const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
    if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      return `${this.options.silenceMs / 1000} s without a byte`;
    }
    return deeper || code || message; // a name of several addresses has a code alone
  }
}

function tooLarge(mostBytes: number): DownloadError {
  return new DownloadError('large', `more than ${mostBytes / 1e6} MB`, false);
}
