/** Messages that were published: kept a while for people who look for one. */
export abstract class SentMessages {
  /** Removes those of more than 7 days ago; answers how many. Throws TemporaryError. */
  abstract purge(): Promise<number>;
}
