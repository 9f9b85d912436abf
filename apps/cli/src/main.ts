import { ApiError, UnreachableError } from './api-client.js';
import type { Command } from './command.js';
import { backbone } from './commands/backbone.js';
import { classify } from './commands/classify.js';
import { demo } from './commands/demo.js';
import { importPhotos } from './commands/import.js';
import { messageMap } from './commands/message-map.js';
import { sweep } from './commands/sweep.js';
import { train } from './commands/train.js';
import { exitCode, UsageError } from './exit-code.js';
import { chooseLanguage, type Language } from './language.js';
import { Terminal } from './terminal.js';
import { texts } from './texts.js';

const commands: Record<string, Command> = { import: importPhotos, train, classify, sweep, demo, backbone, 'message-map': messageMap };

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
process.once('SIGTERM', () => interruption.abort());

process.exitCode = await run(process.argv.slice(2));

async function run([name = '', ...args]: readonly string[]): Promise<number> {
  const terminal = new Terminal(process.stdout, process.stderr, process.env);
  let language: Language = 'en';
  try {
    readDotEnv();
    language = chooseLanguage(wantedLanguage(args), process.env);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) {
      const isAsked = name === '' || name === '--help' || name === '-h';
      terminal.print(isAsked ? texts[language].overview : `${texts[language].unknownCommand(name)}\n\n${texts[language].overview}`);
      return isAsked ? exitCode.done : exitCode.usage;
    }
    // npm changes into the workspace's root; the person's paths begin where they typed them.
    const folder = process.env['INIT_CWD'] ?? process.cwd();
    return await command({ args, terminal, texts: texts[language], environment: process.env, folder, signal: interruption.signal });
  } catch (error) {
    return explain(error, terminal, language);
  }
}

/** Settings of the file .env; what the environment says already wins. */
function readDotEnv(): void {
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}

/** Read before anything else is, so that even the help comes in the right language. */
function wantedLanguage(args: readonly string[]): string | undefined {
  const at = args.indexOf('--lang');
  return at >= 0 ? (args[at + 1] ?? '') : args.find((arg) => arg.startsWith('--lang='))?.slice('--lang='.length);
}

function explain(error: unknown, terminal: Terminal, language: Language): number {
  const words = texts[language];
  if (interruption.signal.aborted) {
    terminal.complain(words.interrupted);
    return exitCode.interrupted;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')) {
    terminal.complain(message);
    return exitCode.usage;
  }
  if (error instanceof UnreachableError) {
    terminal.complain(`${words.unreachable} (${message})`);
    return exitCode.noPlatform;
  }
  if (error instanceof ApiError) {
    terminal.complain(error.code === 'WRONG_CREDENTIALS' ? words.wrongCredentials : `${error.code}: ${message}`);
    return error.status === 401 ? exitCode.noPlatform : exitCode.incomplete;
  }
  terminal.complain((error as Error).stack ?? String(error));
  return exitCode.incomplete;
}
