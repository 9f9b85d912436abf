import { ConfigurationError, readEnvironment } from '@repo/config';
import type { LocalAdministrator } from '@repo/identity-domain';
import { help, readCommandLine } from './command-line.js';
import { Platform } from './platform.js';
import { settings, settingsOnServers } from './settings.js';

const startedAt = Date.now();
const say = (line: string) => console.log(`· ${line}`);

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

function describeSignIn({ email, password }: LocalAdministrator): string {
  return password ? `  sign in as                 ${email}\n  password                   ${password}   (shown this once: keep it)\n` : '';
}

async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2));
  if (command.help) {
    console.log(help);
    return;
  }
  readDotEnv();
  const config = command.onServers ? readEnvironment(settingsOnServers) : readEnvironment(settings);
  if (command.resetPassword && process.env['OC_AUTH_PASSWORD']) {
    throw new ConfigurationError('OC_AUTH_PASSWORD says what the password is: change it there, or take it away before --reset-password');
  }
  const platform = new Platform(
    { settings: config, copies: command.copies, environment: process.env, resetPassword: command.resetPassword, say },
    (why, exitCode) => void end(why, exitCode),
  );

  let isEnding = false;
  async function end(why: string, exitCode: number): Promise<void> {
    if (isEnding) {
      return;
    }
    isEnding = true;
    console.log(`· stopping: ${why}`);
    await platform.stop();
    process.exit(exitCode);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void end(signal === 'SIGINT' ? 'Ctrl-C' : signal, 0));
  }
  process.on('disconnect', () => void end('whoever started the platform is gone', 0));

  try {
    const { administrator } = await platform.start();
    const backbone = await platform.backbone();
    const [url, ...others] = platform.urls;
    console.log(`\nOColecionador is ready: ${url}  (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
    if (others.length > 0) {
      console.log(`  and on                     ${others.join(' ')}`);
    }
    console.log(`  API and its documentation  ${url}/api/docs`);
    console.log(`  data                       ${platform.dataDir}`);
    if (backbone) {
      console.log(`  backbone                   ${backbone}`);
    }
    console.log(`${describeSignIn(administrator)}  Ctrl-C stops everything\n`);
    process.send?.({ type: 'ready', url, administrator });
  } catch (error) {
    if (isEnding) {
      return; // the reason was told already: what was starting could not but fail
    }
    console.error(`✗ ${(error as Error).message}`);
    if (platform.administrator?.password) {
      console.error(`The administrator was made all the same:\n${describeSignIn(platform.administrator)}`);
    }
    await platform.stop();
    process.exit(1);
  }
}

await main().catch((error: unknown) => {
  console.error(`✗ ${(error as Error).message}`);
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1);
});
