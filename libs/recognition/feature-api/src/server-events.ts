import type { Response } from 'express';

/** Proxies close a connection that is silent for a minute or less. */
const HEARTBEAT_MS = 15_000;

/**
 * Sends values as server-sent events (WHATWG HTML, section 9.2) until they end or the reader is gone.
 *
 * @param events told when the reader is gone; asked for the next value only when the last was sent
 */
export async function sendEvents(response: Response, events: (signal: AbortSignal) => AsyncIterable<unknown>): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no', // nginx would collect events
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  try {
    for await (const event of events(gone.signal)) {
      response.write(`data: ${JSON.stringify(event)}\n\n`);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
