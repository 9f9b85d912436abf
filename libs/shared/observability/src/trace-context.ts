import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** Where a piece of work belongs: one trace from the upload to the answer, one span for each step. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  traceId: string;
  /** 16 lower-case hex digits. */
  spanId: string;
}

const current = new AsyncLocalStorage<TraceContext>();

// Version 00 of https://www.w3.org/TR/trace-context/; ids of zeros alone are not valid.
const traceparentForm = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Undefined when the header is absent or not valid: the work then starts a trace of its own. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined || header.startsWith('ff') ? undefined : traceparentForm.exec(header);
  return match ? { traceId: match[1]!, spanId: match[2]! } : undefined;
}

/** The trace of the work that is running, if it has one. */
export function currentTrace(): TraceContext | undefined {
  return current.getStore();
}

/** The running trace as a W3C header, to be carried by a message, an outbox row or a request. */
export function currentTraceparent(): string | undefined {
  const trace = current.getStore();
  return trace && `00-${trace.traceId}-${trace.spanId}-01`;
}

/** Runs `work` as a new span of the trace named in `traceparent`, or of a new trace. */
export function inTrace<T>(traceparent: string | undefined, work: () => T): T {
  const traceId = parseTraceparent(traceparent)?.traceId ?? randomBytes(16).toString('hex');
  return current.run({ traceId, spanId: randomBytes(8).toString('hex') }, work);
}
