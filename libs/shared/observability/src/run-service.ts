import type { INestApplicationContext } from '@nestjs/common';
import { ConfigurationError } from '@repo/config';
import { armCrashPoint, TemporaryError } from '@repo/kernel';
import type { Level } from 'pino';
import { JsonLogger } from './json-logger.js';

/** sysexits' EX_TEMPFAIL. */
const TRY_AGAIN = 75;

interface ProcessConfig {
  LOG_LEVEL: Level;
  /** For tests: the crash point where the process kills itself. */
  CRASH_AT?: string | undefined;
}

/**
 * Starts a service: its configuration first, then what `start` does, with a logger of the service's name.
 * Ends the process with 78 (sysexits' EX_CONFIG) when the configuration can't be used, with 75 (EX_TEMPFAIL) when
 * `start` throws a TemporaryError, since a server may merely not answer yet, and with 1 when it fails otherwise.
 *
 * @param readConfig throws ConfigurationError
 */
export async function runService<Config extends ProcessConfig>(
  name: string,
  readConfig: () => Config,
  start: (config: Config, logger: JsonLogger) => Promise<void>,
): Promise<void> {
  const config = orExit(() => armed(readConfig()));
  const logger = new JsonLogger({ service: name, level: config.LOG_LEVEL });
  if (config.CRASH_AT !== undefined) {
    logger.warn({ msg: 'this process will kill itself', at: config.CRASH_AT });
  }
  try {
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

function armed<Config extends ProcessConfig>(config: Config): Config {
  try {
    if (config.CRASH_AT !== undefined) {
      armCrashPoint(config.CRASH_AT);
    }
    return config;
  } catch (cause) {
    throw new ConfigurationError(`The configuration can't be used:\n  CRASH_AT: ${(cause as Error).message}`, { cause });
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
