import http from 'node:http';
import https from 'node:https';
import { NoAnswerError, S3Refusal } from './s3-fault.js';

/** An error's description has a few hundred bytes; what is much longer comes from something that is no S3. */
const longestDescription = 10_000;

/** What the driver sends its requests with. */
export type Transport = Pick<typeof http, 'request'>;

/**
 * Ends every request, its answer's body included, after `timeoutMs` by destroying its socket, so that a
 * server that hangs holds no connection longer than that. Answers other than success become S3Refusal, read
 * to their end: the driver leaves a 5xx unread, and with it the connection in use for ever.
 */
export function timedTransport(useSSL: boolean, timeoutMs: number): Transport {
  const send = useSSL ? https.request : http.request;
  const request = (options: http.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void): http.ClientRequest => {
    const sent = send(options, (answer) => {
      if (isSuccess(answer)) {
        onAnswer(answer);
      } else {
        readRefusal(answer, options.method === 'HEAD').then(
          (refusal) => sent.emit('error', refusal),
          (error: unknown) => sent.emit('error', error),
        );
      }
    });
    const timer = setTimeout(() => sent.destroy(new NoAnswerError(`The object store did not answer within ${timeoutMs} ms`)), timeoutMs);
    sent.once('close', () => clearTimeout(timer));
    return sent;
  };
  return { request: request as typeof http.request };
}

function isSuccess({ statusCode = 0 }: http.IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function readRefusal(answer: http.IncomingMessage, isHead: boolean): Promise<S3Refusal> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    if (text.length < longestDescription) {
      text += chunk;
    }
  }
  const status = answer.statusCode ?? 0;
  const code = isHead && status === 404 ? 'NoSuchKey' : elementOf(text, 'Code'); // the answer to a HEAD has no body that could say it
  return new S3Refusal(status, code, elementOf(text, 'Message'));
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]{0,200})`).exec(xml)?.[1] ?? '';
}
