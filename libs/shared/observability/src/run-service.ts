import type { INestApplicationContext } from '@nestjs/common';
import { ConfigurationError } from '@repo/config';
import { armCrashPoint, TemporaryError } from '@repo/kernel';
import type { Level } from 'pino';
import { JsonLogger } from './json-logger.js';

/** sysexits' EX_TEMPFAIL. */
const TRY_AGAIN = 75;

/**
 * Starts a service: its configuration first, then what `start` does, with a logger of the service's name.
 * Arms the crash point that a test names as CRASH_AT. Ends the process with 78 (sysexits' EX_CONFIG) when the configuration can't be used, with 75 (EX_TEMPFAIL) when
 * `start` throws a TemporaryError, since a server may merely not answer yet, and with 1 when it fails otherwise.
 *
 * @param readConfig throws ConfigurationError
 */
export async function runService<Config extends { LOG_LEVEL: Level; CRASH_AT?: string | undefined }>(
  name: string,
  readConfig: () => Config,
  start: (config: Config, logger: JsonLogger) => Promise<void>,
): Promise<void> {
  const config = orExit(readConfig);
  const logger = new JsonLogger({ service: name, level: config.LOG_LEVEL });
  try {
    if (config.CRASH_AT !== undefined) {
      armCrashPoint(config.CRASH_AT);
    }
    await start(config, logger);
  } catch (error) {
    if (error instanceof TemporaryError) {
      logger.warn({ msg: `${name} can't start yet`, err: error });
      process.exit(TRY_AGAIN);
    }
    logger.fatal({ msg: `${name} could not start`, err: error });
    process.exit(1);
  }
}

/** Says that the service serves, to the log and to whoever started it. */
export function reportReady(logger: JsonLogger, port: number): void {
  logger.log({ msg: 'ready', port });
  process.send?.({ type: 'ready' }, undefined, undefined, () => {}); // somebody who is gone needs no answer
}

/**
 * Closes the application and ends the process with 0 on SIGTERM and SIGINT, and when whoever started it is gone.
 *
 * @param beforeClosing is called once, when the closing begins
 */
export function closeWhenAsked(app: INestApplicationContext, beforeClosing = () => {}): void {
  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) {
      return;
    }
    isStopping = true;
    beforeClosing();
    await app.close();
    process.exit(0);
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  if (process.connected === false) {
    void stop(); // it went while the service started
  }
}

function orExit<Config>(readConfig: () => Config): Config {
  try {
    return readConfig();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(error.exitCode);
    }
    throw error;
  }
}
