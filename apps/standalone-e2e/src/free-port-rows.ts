import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

const HOST = '127.0.0.1';

/**
 * The first ports of rows that nobody listens on now: of a row of 2 with a step of 10, the port 10 above is free too.
 * All are held until all are known, so that no two rows share one.
 */
export async function freePortRows(step: number, ...lengths: readonly number[]): Promise<number[]> {
  const rows: Server[][] = [];
  for (const length of lengths) {
    rows.push(await holdRow(step, length));
  }
  const firsts = rows.map(([first]) => portOf(first!));
  await release(rows.flat());
  return firsts;
}

async function holdRow(step: number, length: number): Promise<Server[]> {
  for (;;) {
    const held = [await hold(0)];
    try {
      while (held.length < length) {
        held.push(await hold(portOf(held[0]!) + held.length * step));
      }
      return held;
    } catch {
      await release(held); // one of them is taken: another row
    }
  }
}

async function hold(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const release = (servers: readonly Server[]) => Promise.all(servers.map((server) => once(server.close(), 'close')));
