import { TemporaryError } from './errors.js';

/**
 * Gives up waiting after `timeoutMs`: no call to another part may hang for ever.
 * Throws TemporaryError naming `what`; the call itself goes on unobserved.
 */
export async function withDeadline<T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TemporaryError(`${what} did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
