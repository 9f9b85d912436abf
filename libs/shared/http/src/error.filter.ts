import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { answerError } from './error-answer.js';

/** Every error leaves through here: as `{ code, message }`, and once in the log when it is our fault. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const { status, headers, body } = answerError(error);
    if (status >= 500 && !request.destroyed) {
      this.logger.error({ msg: `${request.method} ${request.path} answered ${status} ${body.code}`, err: error });
    }
    if (response.headersSent) {
      response.destroy(); // half an answer is out: cutting it is the only way to say that it failed
    } else {
      response.status(status).set(headers).json(body);
    }
  }
}
