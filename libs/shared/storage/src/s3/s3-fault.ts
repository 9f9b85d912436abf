import { DomainError } from '@repo/kernel';
import { InvalidXMLError, S3Error } from 'minio';

/** The server answered a request with something else than success. */
export class S3Refusal extends Error {
  /** @param code S3's word for it, e.g. `NoSuchKey`; empty when the answer had none */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`${status} ${code}: ${message}`);
    this.name = 'S3Refusal';
  }
}

/** No answer in time; the connection is gone. */
export class NoAnswerError extends Error {
  readonly code = 'ETIMEDOUT';
}

/**
 * What a failed request says about object and server:
 * - `missing`: there is no such object
 * - `denied`: our credentials are not taken
 * - `busy`: the server works, and asks to be asked again, or what came to it was not what was sent
 * - `down`: the server, or the way to it, does not work
 * - `refused`: the request is wrong, and will be next time
 */
export type S3Fault = 'missing' | 'denied' | 'busy' | 'down' | 'refused';

/** Codes decide before the status does. */
const faultByCode: Record<string, S3Fault> = {
  NoSuchKey: 'missing',
  NoSuchBucketPolicy: 'missing',
  NoSuchLifecycleConfiguration: 'missing',
  // Made at the start; while another process makes it, or the server looks for it, it may be missing.
  NoSuchBucket: 'busy',
  AccessDenied: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  SlowDown: 'busy',
  SlowDownRead: 'busy',
  SlowDownWrite: 'busy',
  RequestTimeout: 'busy',
  OperationAborted: 'busy',
  // The body was altered or cut on its way.
  BadDigest: 'busy',
  IncompleteBody: 'busy',
  XAmzContentSHA256Mismatch: 'busy',
  XAmzContentChecksumMismatch: 'busy',
};

const faultByStatus: Record<number, S3Fault> = {
  401: 'denied',
  403: 'denied',
  404: 'down', // without S3's code for it, somebody else answers in the server's place
  408: 'busy',
  429: 'busy',
  501: 'refused', // "not implemented" stays so
};

/** Undefined for an error that is no fault of server or network, but of ours. */
export function faultOf(error: unknown): S3Fault | undefined {
  if (error instanceof S3Refusal) {
    return faultByCode[error.code] ?? faultByStatus[error.status] ?? (error.status >= 500 ? 'down' : 'refused');
  }
  // A list that is no XML comes from something that is no S3.
  return isOfNetwork(error) || error instanceof InvalidXMLError ? 'down' : undefined;
}

/** Errors of sockets, TLS and HTTP parsing have a code; so have ours, the driver's, and those of wrong arguments. */
function isOfNetwork(error: unknown): boolean {
  const hasCode = error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
  return hasCode && ![DomainError, S3Error, TypeError, RangeError].some((other) => error instanceof other);
}
