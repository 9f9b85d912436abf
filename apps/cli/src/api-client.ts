import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents } from './event-stream.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface User {
  readonly id: string;
  readonly email: string;
}

export interface Photo {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface NewItem {
  readonly nome: string;
  /** A name; the category is made when there is none of that name. */
  readonly categoria: string;
  readonly descricao?: string;
  /** 1 to 10. */
  readonly fotos: readonly Photo[];
}

export interface CreatedItem {
  readonly itemId: string;
  readonly fotoId: string;
  readonly fotoIds: readonly string[];
}

export interface ClassGuess {
  readonly classe: string;
  /** 0 to 1. */
  readonly confiancaValor: number;
}

export interface SimilarItem {
  readonly id: string;
  readonly nome: string;
  readonly categoria: string;
  /** A signed link to the photo. */
  readonly foto: string;
  /** 0 for the same picture, 1 for unrelated. */
  readonly distancia: number;
}

export interface Classification extends ClassGuess {
  readonly confianca: string;
  readonly conhecido: boolean;
  readonly alternativas: readonly ClassGuess[];
  readonly itemsSemelhantes: readonly SimilarItem[];
  readonly modelVersion?: string | null;
}

export interface Epoch {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly val_loss?: number;
  readonly val_accuracy?: number;
}

export interface TrainingProgress {
  readonly phase: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly photosAugmenting?: number;
  readonly epochs: readonly Epoch[];
  /** Categories with too little to learn from. */
  readonly leftOut?: readonly { readonly label: string; readonly photos: number }[];
}

export interface Training {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'done' | 'refused' | 'failed' | 'cancelled';
  readonly reason?: string | null;
  readonly modelVersion?: string | null;
  readonly progress?: TrainingProgress | null;
}

/** A version of the model, and what it reached on photos that trained nothing; figures are absent when they were lost. */
export interface ModelReport {
  readonly version: string;
  readonly metrics?: { readonly accuracy: number; readonly macroF1: number; readonly ece: number; readonly loss: number; readonly valAccuracy: number; readonly valLoss: number };
  readonly perClass?: readonly { readonly label: string; readonly precision: number; readonly recall: number; readonly f1: number; readonly support: number }[];
  /** What it was trained on. */
  readonly backbone?: { readonly id: string; readonly quality?: 'full' | 'compact' };
}

/** Stored photos compared with their rows. */
export interface SweepReport {
  /** Stored photos of more than an hour that no row knows. */
  readonly orphans: number;
  readonly removed: number;
  /** Photos whose original is gone. */
  readonly missing: number;
  /** The first of the missing. */
  readonly photos: readonly { readonly fotoId: string; readonly caminho: string }[];
}

/** The platform said no: its code, and its words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What `Retry-After` asked for. */
    readonly retryAfterS?: number,
  ) {
    super(message);
  }
}

/** Nobody answered, or not in time. */
export class UnreachableError extends Error {}

export interface ApiClientOptions {
  readonly signal?: AbortSignal;
  /** Told before each wait: a full queue or a part that is starting. */
  readonly onWait?: (seconds: number, why: Error) => void;
  /** Longest time that one call waits for its turn, in seconds. */
  readonly patienceS?: number;
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Made anew for every attempt: a body can be sent once only. */
  readonly body?: () => FormData | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** True when a second arrival changes nothing, so that a broken connection may be tried again. */
  readonly repeatable?: boolean;
  /** True for an answer that comes bit by bit, for as long as it takes. */
  readonly isStream?: boolean;
}

const DEADLINE_MS = 120_000;
const TRIES_WHEN_UNREACHABLE = 4;

/**
 * The platform's REST API, as far as the commands need it. Signs in by itself, and again when
 * the token has expired; waits and repeats when the platform asks to (429, 503).
 * Every method throws ApiError for a refusal and UnreachableError when nobody answers.
 */
export class ApiClient {
  readonly #base: string;
  #token: string | undefined;
  #signingIn: Promise<User> | undefined;

  /** @param url of the platform, e.g. `http://127.0.0.1:5000`; `/api` is added */
  constructor(
    url: string,
    private readonly credentials: Credentials,
    private readonly options: ApiClientOptions = {},
  ) {
    this.#base = `${url.replace(/\/+$/, '')}/api`;
  }

  /** Several calls at once share one sign-in. */
  signIn(): Promise<User> {
    this.#signingIn ??= this.#login().finally(() => {
      this.#signingIn = undefined;
    });
    return this.#signingIn;
  }

  /** @param idempotencyKey the same key creates the item once, however often it is sent */
  async createItem(item: NewItem, idempotencyKey?: string): Promise<CreatedItem> {
    const body = () => {
      const form = new FormData();
      form.set('nome', item.nome);
      form.set('categoria', item.categoria);
      if (item.descricao) {
        form.set('descricao', item.descricao);
      }
      item.fotos.forEach((photo) => form.append('foto', new Blob([photo.bytes]), photo.fileName));
      return form;
    };
    const headers: Record<string, string> = idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {};
    return this.#json({ method: 'POST', path: '/Items', body, headers, repeatable: idempotencyKey !== undefined });
  }

  deleteItem(id: string): Promise<void> {
    return this.#send({ method: 'DELETE', path: `/Items/${id}`, repeatable: true }).then(() => undefined);
  }

  classify(photo: Photo): Promise<Classification> {
    const body = () => {
      const form = new FormData();
      form.set('foto', new Blob([photo.bytes]), photo.fileName);
      return form;
    };
    return this.#json({ method: 'POST', path: '/Classificar', body });
  }

  startTraining(motivo?: string): Promise<{ id: string }> {
    return this.#json({ method: 'POST', path: '/Training', body: () => JSON.stringify(motivo ? { motivo } : {}) });
  }

  training(id: string): Promise<Training> {
    return this.#json({ path: `/Training/${id}` });
  }

  /** The training each time that it changes; ends with its final state. A broken stream is taken up again. */
  async *followTraining(id: string): AsyncGenerator<Training> {
    for (;;) {
      try {
        const response = await this.#send({ path: `/Training/${id}/events`, headers: { Accept: 'text/event-stream' }, isStream: true });
        for await (const { data } of readEvents(response.body ?? emptyStream())) {
          const training = JSON.parse(data) as Training;
          yield training;
          if (isFinished(training)) {
            return;
          }
        }
      } catch (error) {
        if (error instanceof ApiError || this.options.signal?.aborted) {
          throw error;
        }
      }
      // The stream broke: what is true now, then listen again.
      const training = await this.training(id);
      yield training;
      if (isFinished(training)) {
        return;
      }
      await this.#wait(1);
    }
  }

  cancelTraining(id: string): Promise<void> {
    return this.#send({ method: 'DELETE', path: `/Training/${id}` }).then(() => undefined);
  }

  model(version: string): Promise<ModelReport> {
    return this.#json({ path: `/Models/${version}` });
  }

  /** For administrators. @param really false only looks */
  sweep(really: boolean): Promise<SweepReport> {
    return this.#json({ method: 'POST', path: '/Storage/sweep', body: () => JSON.stringify({ really }), repeatable: true });
  }

  async #login(): Promise<User> {
    const body = () => JSON.stringify(this.credentials);
    // At the very first, an unanswered call means that nothing runs there: say so at once.
    const response = await this.#patiently({ method: 'POST', path: '/auth/login', body, repeatable: this.#token !== undefined });
    const { token, user } = (await response.json()) as { token: string; user: User };
    this.#token = token;
    return user;
  }

  async #json<T>(call: Call): Promise<T> {
    return (await (await this.#send(call)).json()) as T;
  }

  async #send(call: Call): Promise<Response> {
    if (!this.#token) {
      await this.signIn();
    }
    const sentToken = this.#token;
    try {
      return await this.#patiently(call);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) {
        throw error;
      }
      // The token has expired; another call may have fetched a new one meanwhile.
      if (this.#token === sentToken) {
        await this.signIn();
      }
      return this.#patiently(call);
    }
  }

  /** Repeats what the platform asks to have repeated later, within `patienceS`. */
  async #patiently(call: Call): Promise<Response> {
    const patienceS = this.options.patienceS ?? 120;
    let waitedS = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        const growing = Math.min(2 ** (attempt - 1), 15);
        const waitS = secondsToWait(error, growing, (call.repeatable ?? call.method === undefined) && attempt < TRIES_WHEN_UNREACHABLE);
        if (waitS === undefined || waitedS + waitS > patienceS) {
          throw error;
        }
        waitedS += waitS;
        this.options.onWait?.(waitS, error as Error);
        await this.#wait(waitS);
      }
    }
  }

  async #attempt({ method = 'GET', path, body, headers, isStream }: Call): Promise<Response> {
    const content = body?.();
    const signals = [this.options.signal, isStream ? undefined : AbortSignal.timeout(DEADLINE_MS)].filter((signal) => signal !== undefined);
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        body: content,
        signal: AbortSignal.any(signals),
        headers: {
          ...(typeof content === 'string' ? { 'Content-Type': 'application/json' } : {}),
          ...(this.#token ? { Authorization: `Bearer ${this.#token}` } : {}),
          ...headers,
        },
      });
    } catch (error) {
      this.options.signal?.throwIfAborted();
      throw new UnreachableError(`${this.#base} does not answer: ${causeOf(error)}`, { cause: error });
    }
    if (!response.ok) {
      throw await readError(response);
    }
    return response;
  }

  #wait(seconds: number): Promise<void> {
    return sleep(seconds * 1000, undefined, { signal: this.options.signal });
  }
}

export function isFinished({ status }: Training): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Undefined: repeating would not help. */
function secondsToWait(error: unknown, growing: number, mayRepeatUnreachable: boolean): number | undefined {
  // In progress: our own earlier attempt, whose connection broke, is still at work.
  if (error instanceof ApiError && (error.status === 429 || error.status === 503 || error.code === 'IDEMPOTENCY_IN_PROGRESS')) {
    return error.retryAfterS ?? growing;
  }
  return error instanceof UnreachableError && mayRepeatUnreachable ? growing : undefined;
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const retryAfterS = readRetryAfter(response.headers.get('Retry-After'));
  try {
    const { code, message } = JSON.parse(text) as { code: string; message: string };
    return new ApiError(response.status, code, message, retryAfterS);
  } catch {
    return new ApiError(response.status, `HTTP_${response.status}`, text.slice(0, 200) || response.statusText, retryAfterS);
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
export function readRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (!header) {
    return undefined;
  }
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** fetch says only "fetch failed"; the reason is inside. */
function causeOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}
