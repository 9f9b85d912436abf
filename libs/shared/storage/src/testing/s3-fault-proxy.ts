import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@repo/kernel';

/** What befalls one request of S3. */
export type Mishap =
  /** Never answered; the connection stays open. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answered in the server's place, e.g. 503 `SlowDown`. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  | { readonly kind: 'reset' }
  /** Both connections break after so many bytes of the request's body. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** One bit of the request's body turns over. */
  | { readonly kind: 'alter-request' }
  /** The client's connection breaks after so many bytes of the answer's body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes of the answer's body; the connection stays open. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number }
  /** One bit of the answer's body turns over. */
  | { readonly kind: 'alter-answer' }
  /** The answer's headers say something else, e.g. `etag`. */
  | { readonly kind: 'lie'; readonly headers: Readonly<Record<string, string>> };

export interface PassingRequest {
  readonly method: string;
  /** `/bucket/key`, without a query. */
  readonly path: string;
}

/** Decides what befalls a request; undefined lets it pass. */
export type Fate = (request: PassingRequest) => Mishap | undefined;

/** Befalls a share of all requests, 0 to 1; the same ones for the same seed, as long as they come in the same order. */
export function onShare(share: number, seed: number, mishap: Mishap): Fate {
  const random = seededRandom(seed);
  return () => (random() < share ? mishap : undefined);
}

/** Befalls the first `count` requests, of those with this method when one is named. */
export function onFirst(count: number, mishap: Mishap, method?: string): Fate {
  let left = count;
  return (request) => ((method === undefined || request.method === method) && left-- > 0 ? mishap : undefined);
}

/**
 * Stands before an S3 server of 127.0.0.1 and breaks what passes as it is told. The `Host` header stays as the
 * client sent it, so that signatures stay valid.
 */
export class S3FaultProxy {
  fate: Fate = () => undefined;
  /** Every request that came, in order. */
  readonly requests: PassingRequest[] = [];
  private readonly clients = new Set<Socket>();
  private readonly agent = new http.Agent({ keepAlive: true });

  private constructor(
    private readonly server: http.Server,
    private readonly targetPort: number,
  ) {}

  static async to(targetPort: number): Promise<S3FaultProxy> {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new S3FaultProxy(server, targetPort);
    server.on('request', (request, response) => void proxy.pass(request, response));
    server.on('connection', (socket) => {
      proxy.clients.add(socket);
      socket.on('error', () => {}); // breaking connections is what this is for
      socket.once('close', () => proxy.clients.delete(socket));
    });
    return proxy;
  }

  /** Connections that clients hold now. */
  get connections(): number {
    return this.clients.size;
  }

  /** The server's URL, led through here. */
  through(url: string): string {
    const led = new URL(url);
    led.port = String((this.server.address() as AddressInfo).port);
    return led.href;
  }

  async stop(): Promise<void> {
    this.clients.forEach((socket) => socket.destroy());
    this.agent.destroy();
    await once(this.server.close(), 'close');
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const passing = { method: request.method ?? '', path: (request.url ?? '').split('?')[0]! };
    this.requests.push(passing);
    const mishap = this.fate(passing);
    switch (mishap?.kind) {
      case 'hang':
        request.resume();
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      case 'answer':
        request.resume();
        response.writeHead(mishap.status, { 'content-type': 'application/xml' });
        response.end(request.method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${mishap.code}</Code><Message>by the proxy</Message></Error>`);
        return;
      case 'delay':
        await sleep(mishap.ms);
        break;
      case 'cut-request':
      case 'alter-request':
      case 'cut-answer':
      case 'stall-answer':
      case 'alter-answer':
      case 'lie':
      case undefined:
        break;
    }
    this.forward(request, response, mishap);
  }

  private forward(request: http.IncomingMessage, response: http.ServerResponse, mishap: Mishap | undefined): void {
    const breakOff = () => request.socket.resetAndDestroy();
    const { method, url, headers } = request;
    const onward = http.request({ host: '127.0.0.1', port: this.targetPort, agent: this.agent, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...(mishap?.kind === 'lie' ? mishap.headers : {}) });
      const endsEarly = mishap?.kind === 'cut-answer' || mishap?.kind === 'stall-answer';
      relay(answer, response, {
        altered: mishap?.kind === 'alter-answer',
        atMost: endsEarly ? mishap.afterBytes : Infinity,
        atEnd: mishap?.kind === 'cut-answer' ? breakOff : () => {},
      });
      answer.once('error', breakOff);
    });
    onward.once('error', breakOff);
    response.once('close', () => onward.destroy());
    relay(request, onward, {
      altered: mishap?.kind === 'alter-request',
      atMost: mishap?.kind === 'cut-request' ? mishap.afterBytes : Infinity,
      atEnd: () => {
        onward.destroy();
        breakOff();
      },
    });
  }
}

interface RelayFaults {
  /** One bit of the first byte turns over. */
  altered: boolean;
  /** Bytes that are passed on. */
  atMost: number;
  /** Called when there are more. */
  atEnd: () => void;
}

function relay(from: http.IncomingMessage, to: http.ClientRequest | http.ServerResponse, { altered, atMost, atEnd }: RelayFaults): void {
  let passed = 0;
  const pass = (chunk: Buffer): void => {
    const room = atMost - passed;
    if (altered && passed === 0) {
      chunk[0]! ^= 1;
    }
    passed += chunk.length;
    if (chunk.length <= room) {
      to.write(chunk);
      return;
    }
    from.off('data', pass).off('end', end).resume();
    to.write(chunk.subarray(0, room), atEnd);
  };
  const end = (): void => void to.end();
  from.on('data', pass).once('end', end);
}
