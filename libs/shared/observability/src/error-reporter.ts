import { Logger } from '@nestjs/common';

/** Where unexpected errors go, once each, at the edge: the log, or a server that collects them. */
export abstract class ErrorReporter {
  /** `context` names what was being done, e.g. the route or the message; no secrets, no photo data. Never throws. */
  abstract report(error: unknown, context: Readonly<Record<string, unknown>>): void;
}

export class LogErrorReporter extends ErrorReporter {
  private readonly logger = new Logger('errors');

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.logger.error({ ...context, err: error });
  }
}
