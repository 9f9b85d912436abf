import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a network can do to connections. Verbs as in toxiproxy. */
export interface Faults {
  /** Added to everything that is passed on, each way. */
  latencyMs?: number;
  /** Nothing is passed on any more; connections stay open. */
  hang?: boolean;
  /** New connections are refused by closing them at once. */
  refuse?: boolean;
  /** Cuts a connection after so many bytes from the server. */
  cutAfterBytes?: number;
  /** What a client sends with this text in it is passed on, and the connection is cut when the server answers: it was done, and nobody is told. */
  cutAnswerTo?: string;
}

/** Stands between a client and a server of 127.0.0.1 and breaks what passes as it is told. */
export class FaultProxy {
  faults: Faults = {};
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  static async to(targetPort: number): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new FaultProxy(server, targetPort);
    server.on('connection', (client) => proxy.join(client));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The server's URL, led through here. */
  through(url: string): string {
    const led = new URL(url);
    led.port = String(this.port);
    return led.href;
  }

  /** Breaks every connection off, as an unplugged cable does that is plugged in again. */
  cut(): void {
    this.sockets.forEach((socket) => socket.resetAndDestroy());
  }

  async stop(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await once(this.server.close(), 'close');
  }

  private join(client: Socket): void {
    this.watch(client);
    if (this.faults.refuse) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.targetPort, '127.0.0.1');
    this.watch(upstream);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    let isAnswerCut = false;
    client.on('data', (chunk) => {
      const { cutAnswerTo } = this.faults;
      isAnswerCut ||= cutAnswerTo !== undefined && chunk.includes(cutAnswerTo);
      this.pass(chunk, upstream);
    });
    let answered = 0;
    upstream.on('data', (chunk) => {
      if (isAnswerCut) {
        client.resetAndDestroy();
        return;
      }
      answered += chunk.length;
      const { cutAfterBytes } = this.faults;
      if (cutAfterBytes !== undefined && answered > cutAfterBytes) {
        client.write(chunk.subarray(0, chunk.length - (answered - cutAfterBytes)), () => client.resetAndDestroy());
        return;
      }
      this.pass(chunk, client);
    });
  }

  private pass(chunk: Buffer, to: Socket): void {
    const { hang, latencyMs } = this.faults;
    if (hang) {
      return;
    }
    if (latencyMs) {
      setTimeout(() => to.writable && to.write(chunk), latencyMs);
    } else {
      to.write(chunk);
    }
  }

  private watch(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {}); // breaking connections is what this is for
    socket.once('close', () => this.sockets.delete(socket));
  }
}
