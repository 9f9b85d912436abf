import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ApiClient, type Credentials, type User } from './api-client.js';
import type { CommandContext } from './command.js';
import { UsageError } from './exit-code.js';

/** Options of the commands that talk to a platform. */
export const connectionOptions = {
  url: { type: 'string' },
  email: { type: 'string' },
  password: { type: 'string' },
} as const;

export interface ConnectionValues {
  readonly url?: string | undefined;
  readonly email?: string | undefined;
  readonly password?: string | undefined;
}

export interface Connection {
  readonly client: ApiClient;
  readonly user: User;
}

/** Signs in at the platform that the person means. Throws ApiError when it refuses, UnreachableError when nobody answers. */
export async function connect(values: ConnectionValues, context: CommandContext): Promise<Connection> {
  const credentials = await findCredentials(values, context);
  const client = new ApiClient(platformUrl(values.url, context.environment), credentials, {
    signal: context.signal,
    onWait: (seconds, why) => context.terminal.complain(context.texts.waiting(Math.ceil(seconds), why.message)),
  });
  return { client, user: await client.signIn() };
}

function platformUrl(wanted: string | undefined, environment: NodeJS.ProcessEnv): string {
  const url = wanted ?? (environment['OC_PUBLIC_URL'] || `http://127.0.0.1:${environment['PORT'] || 5000}`);
  if (!URL.canParse(url)) {
    throw new UsageError(`--url: ${url}?`);
  }
  return url;
}

async function findCredentials(values: ConnectionValues, { environment, terminal, texts, signal }: CommandContext): Promise<Credentials> {
  const email = values.email ?? environment['OC_AUTH_EMAIL'];
  const password = values.password ?? environment['OC_AUTH_PASSWORD'];
  if (email && password) {
    return { email, password };
  }
  if (!terminal.isInteractive || !process.stdin.isTTY) {
    throw new UsageError(texts.needCredentials);
  }
  return { email: email || (await ask(texts.askEmail, { isSecret: false, signal })), password: password || (await ask(texts.askPassword, { isSecret: true, signal })) };
}

async function ask(question: string, { isSecret, signal }: { isSecret: boolean; signal: AbortSignal }): Promise<string> {
  if (isSecret) {
    process.stdout.write(question); // what readline writes is silenced, the question too
  }
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: isSecret ? silence : process.stdout, terminal: true });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT')); // readline keeps Ctrl-C to itself
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
    if (isSecret) {
      process.stdout.write('\n');
    }
  }
}
