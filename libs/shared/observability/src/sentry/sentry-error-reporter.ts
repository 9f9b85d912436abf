import { readFileSync } from 'node:fs';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, defaultStackParser, linkedErrorsIntegration, NodeClient, Scope, type ErrorEvent, type NodeOptions } from '@sentry/node';
import { ErrorReporter, LogErrorReporter } from '../error-reporter.js';
import { redact, redactText } from '../redact.js';
import { currentTrace } from '../trace-context.js';

/** What a person searches by; all else of a context can be read in the event. */
const searchable = ['itemId', 'fotoId', 'photoId', 'messageId', 'messageName', 'queue', 'cause', 'attempt', 'route', 'status'];
/** Sentry cuts longer ones. */
const maxTagCharacters = 200;
/** A server that does not take an event within this time does not get it. */
const sendDeadlineMs = 5_000;
const flushDeadlineMs = 2_000;

export interface SentryOptions {
  /** `https://key@host/project`, of Sentry or of a server that speaks its protocol, e.g. GlitchTip. */
  dsn: string;
  /** Which service reports, e.g. `backend`. */
  service: string;
}

/**
 * Reports to the log and, in Sentry's protocol, to a server that collects errors. Nothing else of Sentry is used:
 * no tracing, no hooks into other libraries, no global handlers. Reporting takes no time of whoever reports, and a
 * server that is away, slow or full costs nobody more than the event.
 */
export class SentryErrorReporter extends ErrorReporter implements OnApplicationShutdown {
  private readonly logger = new Logger('errors');
  private readonly log = new LogErrorReporter();
  private readonly client: NodeClient;
  private readonly scope = new Scope();

  constructor({ dsn, service }: SentryOptions) {
    super();
    this.client = new NodeClient({
      dsn,
      release: `ocolecionador@${version()}`,
      integrations: [linkedErrorsIntegration()],
      stackParser: defaultStackParser,
      transport: makeTransport,
      sendDefaultPii: false,
      sendClientReports: false,
      normalizeDepth: 6,
      beforeSend: withoutSecrets,
    });
    this.client.init();
    if (!this.client.getDsn()) {
      this.logger.error('SENTRY_DSN is no address of a project, like https://key@host/7: errors go to the log alone');
    }
    this.scope.setClient(this.client);
    this.scope.setTag('service', service);
  }

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.log.report(error, context);
    try {
      const scope = this.scope.clone();
      scope.setTags({ ...tagsOf(context), ...tagsOf({ traceId: currentTrace()?.traceId }) });
      scope.setExtras(redact(context) as Record<string, unknown>);
      this.client.captureException(error, { originalException: error }, scope);
    } catch (cause) {
      this.logger.warn({ msg: 'an error could not be reported', err: cause });
    }
  }

  /** Gives what is on its way 2 s to arrive. Never throws. */
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.client.close(flushDeadlineMs);
    } catch (cause) {
      this.logger.warn({ msg: 'the last errors could not be reported', err: cause });
    }
  }
}

function tagsOf(context: Readonly<Record<string, unknown>>): Record<string, string> {
  const told = Object.entries(context).filter(([name, value]) => [...searchable, 'traceId'].includes(name) && value !== undefined && value !== null);
  return Object.fromEntries(told.map(([name, value]) => [name, redactText(String(value)).replace(/\s+/g, ' ').slice(0, maxTagCharacters)]));
}

function withoutSecrets(event: ErrorEvent): ErrorEvent {
  for (const exception of event.exception?.values ?? []) {
    exception.value = exception.value === undefined ? undefined : redactText(exception.value);
  }
  return { ...event, ...(event.message !== undefined && { message: redactText(event.message) }) };
}

/** Sentry's own transport would wait for a silent server for ever. */
const makeTransport: NonNullable<NodeOptions['transport']> = (options) =>
  createTransport(options, async ({ body }) => {
    const answer = await fetch(options.url, { method: 'POST', headers: options.headers, body, signal: AbortSignal.timeout(sendDeadlineMs) });
    await answer.arrayBuffer(); // else its connection stays taken
    return {
      statusCode: answer.status,
      headers: { 'retry-after': answer.headers.get('retry-after'), 'x-sentry-rate-limits': answer.headers.get('x-sentry-rate-limits') },
    };
  });

/** Of the platform: its packages share one. */
function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return own;
}
