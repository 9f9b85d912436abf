import { parseArgs } from 'node:util';
import { ConfigurationError } from '@repo/config';
import type { Copies } from './service-plan.js';

export const help = `npm start [-- --reset-password]
  Runs the whole platform. What no server is named for is embedded.

npm run start:services [-- --backends N] [--augmentations N] [--reset-password]
  Runs the services on the servers that are named, all of them; nothing is embedded.
  --backends, --augmentations   so many processes of each, 1 to 20; each listens 10 higher than the one before

  --reset-password              gives the local administrator a new password and prints it
Settings come from the environment or the file .env; .env.example names them all.`;

const MOST_COPIES = 20;

export interface CommandLine {
  help: boolean;
  /** Every server has to be named. */
  onServers: boolean;
  resetPassword: boolean;
  copies: Copies;
}

/** Throws ConfigurationError for numbers that can't be used, TypeError for an option that there isn't. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      services: { type: 'boolean', default: false },
      'reset-password': { type: 'boolean', default: false },
      backends: { type: 'string', default: '1' },
      augmentations: { type: 'string', default: '1' },
    },
  });
  const copies = { backends: count('--backends', values.backends), augmentations: count('--augmentations', values.augmentations) };
  if (!values.services && copies.backends + copies.augmentations > 2) {
    throw new ConfigurationError('Several backends or augmentation services need servers of their own: see npm run start:services -- --help');
  }
  return { help: values.help, onServers: values.services, resetPassword: values['reset-password'], copies };
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d?$/.test(text) || Number(text) > MOST_COPIES) {
    throw new ConfigurationError(`${option}: expected 1 to ${MOST_COPIES}, got "${text}"`);
  }
  return Number(text);
}
