import { createHash } from 'node:crypto';
import type { Envelope } from '@repo/contracts';
import type { DeadLetter } from './dead-letter.js';
import { readAnyEnvelope } from './envelope-text.js';

/** The letter of a message that ended in this way. */
export function letterOf(death: Omit<DeadLetter, 'letterId' | 'envelope'>): DeadLetter {
  return { ...death, letterId: letterIdOf(death.queue, death.text), envelope: envelopeIn(death.text, death.attempt) };
}

// A broker may hand a message to the dead letters twice when it, or we, die in between: by this id it is one letter.
function letterIdOf(queue: string, text: string): string {
  const hash = createHash('sha256').update(`${queue}\n${text}`).digest('hex');
  // Version 8 of RFC 9562: a UUID whose making is the application's own affair.
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `a${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-');
}

function envelopeIn(text: string, attempt: number): Envelope | undefined {
  try {
    return readAnyEnvelope(text, attempt);
  } catch {
    return undefined;
  }
}
