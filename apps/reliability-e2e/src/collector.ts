import { setTimeout as sleep } from 'node:timers/promises';
import type { Intent, KeptAnswer, Ledger } from './ledger.js';

export interface Answer<Body> {
  /** 0 when there was none: refused or broken connection, or time was up. */
  readonly status: number;
  readonly body: Body;
  readonly retryAfter?: string | undefined;
}

interface ErrorBody {
  readonly code?: string;
}

interface StoredPhotos {
  readonly itemId: string;
  readonly fotoIds: string[];
}

export interface Upload {
  readonly photos: readonly Buffer[];
  /** Nine variants of each photo, and no more. */
  readonly category?: string;
}

/** No words of it ask for extra variants, or forbid mirror images. */
export const NINE_VARIANTS = 'Minerais';

const REQUEST_TIMEOUT_MS = 30_000;
/** Where the platform names no time, or says nothing at all. */
const PAUSE_MS = 250;
/** A claim on an Idempotency-Key by a process that died is given up after a minute. */
const PATIENCE_MS = 150_000;

/** These may be otherwise the next time; any other refusal is final. */
const mayChange = (status: number, { code }: ErrorBody) => status === 0 || status === 429 || status >= 500 || code === 'IDEMPOTENCY_IN_PROGRESS';

/** Uses the platform through its public door as a careful client does: every upload has a key, and is sent again until there is an answer. */
export class Collector {
  private token = '';
  private turn = 0;

  /** @param urls of the backends, used in turn */
  constructor(private readonly urls: readonly string[]) {}

  async signIn(credentials: { email: string; password: string }): Promise<void> {
    const { status, body } = await this.json<{ token: string }>('POST', '/auth/login', credentials);
    if (status >= 300 || status === 0) {
      throw new Error(`The sign-in was refused: ${status} ${JSON.stringify(body)}`);
    }
    this.token = body.token;
  }

  /** Adds an item under a name that is its key. Answers its intent; throws when there is no answer in two and a half minutes. */
  async addItem(ledger: Ledger, key: string, { photos, category = NINE_VARIANTS }: Upload): Promise<Intent> {
    const intent = ledger.intend(key);
    const send = () => this.call<StoredPhotos & ErrorBody>('/Items', { method: 'POST', body: itemForm(key, category, photos), headers: { 'Idempotency-Key': key } });
    const { status, body } = await this.insist(intent, ledger, send);
    if (status === 201) {
      ledger.noteKept(intent, keptAnswer(body));
    } else {
      ledger.noteRefused(intent, body.code ?? String(status));
    }
    return intent;
  }

  /** Deletes an item that was kept. */
  async deleteItem(ledger: Ledger, intent: Intent): Promise<void> {
    const { status, body } = await this.insist(intent, ledger, () => this.call<ErrorBody>(`/Items/${intent.kept!.itemId}`, { method: 'DELETE' }));
    // Deleted by an attempt whose answer was lost, it is not there for the next.
    if (status !== 204 && body.code !== 'ITEM_NOT_FOUND') {
      throw new Error(`The item was not deleted: ${status} ${JSON.stringify(body)}`);
    }
    ledger.noteDeleted(intent);
  }

  get<Body>(path: string): Promise<Answer<Body>> {
    return this.call<Body>(path, {});
  }

  json<Body>(method: 'POST' | 'PUT', path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    return this.call<Body>(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
  }

  /** One attempt. */
  classify<Body>(photo: Buffer): Promise<Answer<Body>> {
    const form = new FormData();
    form.append('foto', photoFile(photo), 'foto.jpg');
    return this.call<Body>('/Classificar', { method: 'POST', body: form });
  }

  private async insist<Body extends ErrorBody>(intent: Intent, ledger: Ledger, attempt: () => Promise<Answer<Body>>): Promise<Answer<Body>> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const startedAt = performance.now();
      const answer = await attempt();
      ledger.noteAttempt(intent, { status: answer.status, ms: performance.now() - startedAt });
      if (!mayChange(answer.status, answer.body)) {
        return answer;
      }
      if (Date.now() > deadline) {
        throw new Error(`No answer to ${intent.key} after ${intent.attempts.length} attempts: ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      await sleep(pauseMs(answer));
    }
  }

  /** Never throws: a failed connection is the status 0. */
  private async call<Body>(path: string, { headers, ...request }: RequestInit & { headers?: Record<string, string> }): Promise<Answer<Body>> {
    const url = this.urls[this.turn++ % this.urls.length]!;
    try {
      const response = await fetch(`${url}/api${path}`, {
        ...request,
        headers: { Authorization: `Bearer ${this.token}`, ...headers },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const text = await response.text();
      const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
      return { status: response.status, body: (isJson && text ? JSON.parse(text) : {}) as Body, retryAfter: response.headers.get('Retry-After') ?? undefined };
    } catch {
      return { status: 0, body: {} as Body };
    }
  }
}

/** As long as the platform asks, and up to half as long again, so that not everybody comes back at once. */
function pauseMs({ retryAfter }: Answer<unknown>): number {
  return retryAfter === undefined ? PAUSE_MS : Number(retryAfter) * 1_000 * (1 + Math.random() / 2);
}

function itemForm(name: string, category: string, photos: readonly Buffer[]): FormData {
  const form = new FormData();
  form.set('nome', name);
  form.set('categoria', category);
  photos.forEach((photo) => form.append('foto', photoFile(photo), 'foto.jpg'));
  return form;
}

const photoFile = (photo: Buffer) => new Blob([Uint8Array.from(photo)], { type: 'image/jpeg' });
const keptAnswer = ({ itemId, fotoIds }: StoredPhotos): KeptAnswer => ({ itemId, photoIds: fotoIds });
