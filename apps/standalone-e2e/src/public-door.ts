export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined for an empty body. */
  readonly body: T;
}

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
}

export interface Item {
  readonly id: string;
  readonly nome: string;
  readonly categoria: string;
  readonly fotos: readonly string[];
}

export interface Created {
  readonly success: boolean;
  readonly itemId: string;
  readonly fotoId: string;
  readonly fotoIds: readonly string[];
}

export interface Classification {
  readonly classe: string;
  readonly confianca: string;
  readonly confiancaValor: number;
  readonly conhecido: boolean;
  readonly alternativas: readonly { readonly classe: string; readonly confiancaValor: number }[];
  readonly itemsSemelhantes: readonly { readonly id: string; readonly nome: string; readonly categoria: string; readonly foto: string; readonly distancia: number }[];
  readonly modelVersion?: string | null;
}

export interface Training {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'done' | 'refused' | 'failed' | 'cancelled';
  readonly reason?: string | null;
  readonly modelVersion?: string | null;
  readonly progress?: { readonly phase: string; readonly photosAugmenting?: number; readonly epochs: readonly unknown[] } | null;
}

/** Which backbone the version in charge was trained on, and which the next one will be. */
export interface BackboneInUse {
  readonly modelVersion: string | null;
  readonly trainedOn?: { readonly id: string; readonly quality?: string };
  readonly next?: { readonly id: string; readonly quality: string };
  readonly differs?: boolean;
  readonly advice?: { readonly code: string; readonly message: string };
}

export interface UploadedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

/** The REST API as anybody outside uses it, of several backends one after the other; answers are taken as they come. */
export class PublicDoor {
  private token: string | undefined;
  private calls = 0;

  constructor(
    private readonly urls: readonly string[],
    private readonly credentials: { readonly email: string; readonly password: string },
  ) {}

  async signIn(): Promise<string> {
    const { status, body } = await this.json<{ token: string }>('POST', '/auth/login', this.credentials, { Authorization: '' });
    if (status !== 200 && status !== 201) {
      throw new Error(`The sign-in was refused: ${status} ${JSON.stringify(body)}`);
    }
    this.token = body.token;
    return body.token;
  }

  get<T>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.call<T>(path, { headers });
  }

  delete(path: string): Promise<Answer<ErrorBody>> {
    return this.call(path, { method: 'DELETE' });
  }

  json<T>(method: 'POST' | 'PUT', path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.call<T>(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
  }

  form<T>(path: string, fields: Readonly<Record<string, string>>, files: readonly UploadedFile[], headers: Record<string, string> = {}): Promise<Answer<T>> {
    const form = new FormData();
    Object.entries(fields).forEach(([name, value]) => form.set(name, value));
    files.forEach(({ name, bytes, type = 'image/jpeg' }) => form.append('foto', new Blob([bytes], { type }), name));
    return this.call<T>(path, { method: 'POST', body: form, headers });
  }

  /** Throws unless it answers 201. */
  async createItem(nome: string, categoria: string, photo: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Created> {
    const { status, body } = await this.form<Created>('/Items', { nome, categoria }, [{ name: 'foto.jpg', bytes: photo }], headers);
    if (status !== 201) {
      throw new Error(`The item was refused: ${status} ${JSON.stringify(body)}`);
    }
    return body;
  }

  /** Throws unless it answers 2xx. */
  async classify(photo: Uint8Array<ArrayBuffer>): Promise<Classification> {
    const { status, body } = await this.form<Classification>('/Clasificar', {}, [{ name: 'foto.jpg', bytes: photo }]);
    if (status >= 300) {
      throw new Error(`The photo was not classified: ${status} ${JSON.stringify(body)}`);
    }
    return body;
  }

  /** Every item, page by page. */
  async allItems(): Promise<Item[]> {
    const items: Item[] = [];
    for (let path: string | undefined = '/Items?limit=200'; path !== undefined; ) {
      const { body, headers }: Answer<Item[]> = await this.get<Item[]>(path);
      items.push(...body);
      path = /<[^>]*?(\/Items\?[^>]*)>;\s*rel="?next/.exec(headers.get('Link') ?? '')?.[1];
    }
    return items;
  }

  private async call<T>(path: string, { headers, ...request }: RequestInit & { headers?: Record<string, string> }): Promise<Answer<T>> {
    const authorization: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const url = this.urls[this.calls++ % this.urls.length];
    const response = await fetch(`${url}/api${path}`, { ...request, headers: { ...authorization, ...headers }, signal: AbortSignal.timeout(60_000) });
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, body: (isJson && text ? JSON.parse(text) : text || undefined) as T };
  }
}
