import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCall {
  readonly method: string;
  /** Without `/api`. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Fields of the form, files as their names; the body itself for JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, for streams. */
  readonly raw?: string;
  /** Cuts the connection instead of answering. */
  readonly hangsUp?: boolean;
}

type Route = (call: ReceivedCall) => Answer;

/** The REST API as far as a test needs it: sign-in works, every other route is what the test says. */
export class FakePlatform {
  readonly calls: ReceivedCall[] = [];
  private readonly routes = new Map<string, Route>();
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private signIns = 0;

  private constructor() {
    this.on('POST /auth/login', ({ fields }) =>
      fields['password'] === 'right'
        ? { body: { token: `token-${(this.signIns += 1)}`, user: { id: 'user-1', email: fields['email'] } } }
        : { status: 401, body: { code: 'WRONG_CREDENTIALS', message: 'no' } },
    );
  }

  static async start(): Promise<FakePlatform> {
    const platform = new FakePlatform();
    platform.server.listen(0, '127.0.0.1');
    await once(platform.server, 'listening');
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @param route e.g. `POST /Items`; the last one set for it holds */
  on(route: string, answer: Route | readonly Answer[]): void {
    if (typeof answer === 'function') {
      this.routes.set(route, answer);
      return;
    }
    const waiting = [...answer];
    this.routes.set(route, () => (waiting.length > 1 ? waiting.shift() : waiting[0]) ?? {});
  }

  callsTo(route: string): ReceivedCall[] {
    return this.calls.filter(({ method, path }) => `${method} ${path}` === route);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    this.calls.push(call);
    const { status = 200, headers = {}, body, raw, hangsUp } = this.routes.get(`${call.method} ${call.path}`)?.(call) ?? {
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND', message: `${call.method} ${call.path}` },
    };
    if (hangsUp) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'Content-Type': raw === undefined ? 'application/json' : 'text/event-stream', ...headers });
    response.end(raw ?? (body === undefined ? undefined : JSON.stringify(body)));
  }
}

async function readCall(request: IncomingMessage): Promise<ReceivedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const type = request.headers['content-type'] ?? '';
  const parsed = new Response(Buffer.concat(chunks), { headers: { 'Content-Type': type } });
  const fields = type.startsWith('multipart/') ? formFields(await parsed.formData()) : type.startsWith('application/json') ? ((await parsed.json()) as Record<string, unknown>) : {};
  return { method: request.method ?? '', path: (request.url ?? '').replace(/^\/api/, ''), headers: request.headers, fields };
}

function formFields(form: FormData): Record<string, unknown> {
  return Object.fromEntries([...form.keys()].map((key) => [key, form.getAll(key).map((value) => (typeof value === 'string' ? value : value.name)).join(', ')]));
}
