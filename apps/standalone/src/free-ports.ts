import { once } from 'node:events';
import { createServer } from 'node:net';

/** Where a service is going to listen; `portVariable` is the setting that decides it. */
export interface WantedPort {
  name: string;
  portVariable: string;
  host: string;
  port: number;
}

/** Before anything is started: throws, naming the variable to change, when a port is wanted twice or in use. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const [index, { name, portVariable, host, port }] of wanted.entries()) {
    const other = wanted.slice(0, index).find((earlier) => earlier.port === port);
    if (other) {
      throw new Error(`${other.name} and ${name} would both listen on port ${port}: change ${other.portVariable} or ${portVariable}`);
    }
    await requireFreePort(host, port, portVariable);
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
