import type { Terminal } from './terminal.js';
import type { Texts } from './texts.js';

export interface CommandContext {
  /** What follows the command's name. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly texts: Texts;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the person is: relative paths begin here. */
  readonly folder: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Answers the exit code. Throws UsageError, ApiError, UnreachableError, or the signal's reason. */
export type Command = (context: CommandContext) => Promise<number>;

/** Options that every command takes. */
export const commonOptions = {
  lang: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
