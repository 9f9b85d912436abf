import type { Command } from '../command.js';
import { Terminal } from '../terminal.js';
import { texts } from '../texts.js';

/** Runs a command as in a pipe, in English, and by default with an empty environment. */
export async function runCommand(command: Command, args: readonly string[], folder = '.', environment: NodeJS.ProcessEnv = {}, signal: AbortSignal = new AbortController().signal): Promise<{ code: number; output: string }> {
  let output = '';
  const stream = { isTTY: false, write: (text: string) => (output += text) } as unknown as NodeJS.WriteStream;
  const code = await command({
    args,
    terminal: new Terminal(stream, stream, {}),
    texts: texts.en,
    environment,
    folder,
    signal,
  });
  return { code, output };
}
