import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError, readEnvironment } from '@repo/config';
import type { LocalAdministrator } from '@repo/identity-domain';
import { Platform } from './platform.js';
import { settings } from './settings.js';

const HELP = `npm start [-- --reset-password]

Runs the whole platform: database, backend, augmentations, training, classifier.
  --reset-password   gives the local administrator a new password and prints it
Settings come from the environment or the file .env; .env.example names them all.`;

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
  const { values } = parseArgs({ options: { 'reset-password': { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log(HELP);
    return;
  }
  readDotEnv();
  const config = readEnvironment(settings);
  if (values['reset-password'] && process.env['OC_AUTH_PASSWORD']) {
    throw new ConfigurationError('OC_AUTH_PASSWORD says what the password is: change it there, or take it away before --reset-password');
  }
  const platform = new Platform(
    {
      dataDir: path.resolve(config.OC_DATA_DIR),
      port: config.PORT,
      classifierPort: config.CLASSIFIER_PORT,
      augmentationsPort: config.AUGMENTATIONS_PORT,
      trainingPort: config.TRAINING_PORT,
      host: config.OC_HOST,
      environment: process.env,
      resetPassword: values['reset-password'],
      say,
    },
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
    console.log(`\nOColecionador is ready: ${platform.url}  (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
    console.log(`  API and its documentation  ${platform.url}/api/docs`);
    console.log(`  data                       ${path.resolve(config.OC_DATA_DIR)}`);
    console.log(`${describeSignIn(administrator)}  Ctrl-C stops everything\n`);
    process.send?.({ type: 'ready', url: platform.url, administrator });
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
