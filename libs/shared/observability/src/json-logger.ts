import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type Logger as PinoLogger } from 'pino';
import { redact, redactText } from './redact.js';
import { currentTrace } from './trace-context.js';

export interface JsonLoggerOptions {
  /** Which service writes, e.g. `backend`. */
  service: string;
  level: Level;
  /** Standard output by default. */
  destination?: DestinationStream;
}

/** Fields that every line has; nobody's object may replace them. */
const ownFields = ['level', 'time', 'pid', 'service', 'context', 'traceId', 'spanId'];

/**
 * One JSON object a line, in pino's form, with the service, the class that speaks and the trace it belongs to.
 * Takes what Nest's Logger hands over: texts, errors, stacks and objects of fields in any order, the context last.
 */
export class JsonLogger implements LoggerService {
  private readonly pino: PinoLogger;

  constructor({ service, level, destination }: JsonLoggerOptions) {
    const options = { level, base: { pid: process.pid, service }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: asIs } };
    this.pino = destination ? pino(options, destination) : pino(options);
  }

  log(...parts: unknown[]): void {
    this.write('info', parts);
  }

  error(...parts: unknown[]): void {
    this.write('error', parts);
  }

  warn(...parts: unknown[]): void {
    this.write('warn', parts);
  }

  debug(...parts: unknown[]): void {
    this.write('debug', parts);
  }

  verbose(...parts: unknown[]): void {
    this.write('trace', parts);
  }

  fatal(...parts: unknown[]): void {
    this.write('fatal', parts);
  }

  private write(level: Level, parts: unknown[]): void {
    if (this.pino.isLevelEnabled(level)) {
      this.pino[level](fieldsOf(parts));
    }
  }
}

function fieldsOf(parts: unknown[]): Record<string, unknown> {
  const hasContext = parts.length > 1 && typeof parts.at(-1) === 'string';
  const context = hasContext ? (parts.at(-1) as string) : undefined;
  const told = (hasContext ? parts.slice(0, -1) : parts).filter((part) => part !== undefined);

  const error = told.find((part) => part instanceof Error);
  const texts = told.filter((part) => typeof part !== 'object').map(String);
  const stack = texts.find(isStack);
  const fields = Object.assign({}, ...told.filter((part) => typeof part === 'object' && !(part instanceof Error))) as Record<string, unknown>;
  for (const name of ownFields) {
    delete fields[name];
  }

  const { msg, ...others } = fields;
  const sentences = [...texts.filter((text) => !isStack(text)), ...(typeof msg === 'string' ? [msg] : [])];
  return {
    ...(context !== undefined && { context }),
    ...currentTrace(),
    ...(redact({ ...others, ...(error !== undefined && { err: error }) }) as object),
    ...(stack !== undefined && { stack: redactText(stack) }),
    msg: redactText(sentences.join(': ') || (error?.message ?? '')),
  };
}

function isStack(text: string): boolean {
  return /\n\s+at /.test(text);
}

// pino would take our copy of an error for something else.
function asIs<T>(value: T): T {
  return value;
}
