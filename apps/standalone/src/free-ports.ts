import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where a service is going to listen; `portVariable` is the setting that decides it. */
export interface WantedPort {
  name: string;
  portVariable: string;
  host: string;
  port: number;
}

/** Services of a platform that was killed a moment ago finish what they hold before they let go. */
const PATIENCE_MS = 5_000;

/** Before anything is started: throws, naming the variable to change, when a port is wanted twice, or stays in use for `patienceMs`. */
export async function requireFreePorts(wanted: readonly WantedPort[], patienceMs = PATIENCE_MS): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (const [index, { name, portVariable, host, port }] of wanted.entries()) {
    const other = wanted.slice(0, index).find((earlier) => earlier.port === port);
    if (other) {
      throw new Error(`${other.name} and ${name} would both listen on port ${port}: change ${other.portVariable} or ${portVariable}`);
    }
    while (!(await isFree(host, port))) {
      if (Date.now() > deadline) {
        throw new Error(`Port ${port} is in use: stop what uses it, or set ${portVariable} to another one`);
      }
      await sleep(100);
    }
  }
}

/** Throws when nobody could listen there: an address that is not this machine's, a port that is none. */
async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      return false;
    }
    throw error;
  }
  await once(probe.close(), 'close');
  return true;
}
