import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AccessDeniedError } from '@repo/kernel';
import { ErrorReporter } from '@repo/observability';
import type { Request, Response } from 'express';
import { answerError } from './error-answer.js';

/** Every error leaves through here: as `{ code, message }`, and once in the log when it is our fault. What only a person can mend is reported. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly reporter: ErrorReporter) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const { status, headers, body } = answerError(error);
    if (body.code === 'INTERNAL' || error instanceof AccessDeniedError) {
      this.reporter.report(error, { route: `${request.method} ${request.path}`, status });
    } else if (status >= 500 && !request.destroyed) {
      this.logger.error({ msg: `${request.method} ${request.path} answered ${status} ${body.code}`, err: error });
    }
    if (response.headersSent) {
      response.destroy(); // half an answer is out: cutting it is the only way to say that it failed
    } else {
      response.status(status).set(headers).json(body);
    }
  }
}
