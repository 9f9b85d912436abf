import { once } from 'node:events';
import { createServer } from 'node:net';

/** Where one of the services is going to listen; `variable` names it in the settings. */
export interface WantedPort {
  variable: string;
  host: string;
  port: number;
}

/** Before anything is started: throws, naming the variable to change, when a port is wanted twice or in use. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const [index, { variable, host, port }] of wanted.entries()) {
    const other = wanted.slice(0, index).find((earlier) => earlier.port === port);
    if (other) {
      throw new Error(`${other.variable} and ${variable} are both ${port}: give each its own`);
    }
    await requireFreePort(host, port, variable);
  }
}

async function requireFreePort(host: string, port: number, variable: string): Promise<void> {
  const probe = createServer();
  probe.listen(port, host);
  await once(probe, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'EADDRINUSE' ? `Port ${port} is in use: stop what uses it, or set ${variable} to another one` : error.message, { cause: error });
  });
  probe.close();
  await once(probe, 'close');
}
