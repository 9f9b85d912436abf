import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedEnvelope {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly items: { readonly type: string; readonly payload: Record<string, unknown> }[];
}

/** A server that collects errors, as far as the protocol goes: https://develop.sentry.dev/sdk/foundations/envelopes/ */
export class FakeSentry {
  readonly envelopes: ReceivedEnvelope[] = [];
  /** What it does with the next envelopes; answers 200 by default. */
  behaviour: { status: number; headers?: Record<string, string> } | 'hang' = { status: 200 };

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeSentry> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sentry = new FakeSentry(server);
    server.on('request', async (request, response) => {
      const body = await text(request);
      sentry.envelopes.push({ path: request.url!, headers: request.headers, items: itemsIn(body) });
      if (sentry.behaviour !== 'hang') {
        response.writeHead(sentry.behaviour.status, sentry.behaviour.headers).end('{}');
      }
    });
    return sentry;
  }

  get dsn(): string {
    return `http://publickey@127.0.0.1:${(this.server.address() as AddressInfo).port}/7`;
  }

  get events(): Record<string, unknown>[] {
    return this.envelopes.flatMap(({ items }) => items.filter(({ type }) => type === 'event').map(({ payload }) => payload));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** The first line is the envelope's own; then a line about an item and its payload, in turns. */
function itemsIn(body: string): ReceivedEnvelope['items'] {
  const [, ...lines] = body.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return parsed.flatMap((header, index) => (index % 2 === 0 ? [{ type: String(header.type), payload: parsed[index + 1] ?? {} }] : []));
}
