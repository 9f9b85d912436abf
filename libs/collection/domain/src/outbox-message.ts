import type { Item, Photo } from './item.js';

/** A message that is kept with the change it tells of, and published once that is committed. */
export interface OutboxMessage {
  /** e.g. `photo.augment.v1` */
  readonly messageName: string;
  readonly queue: string;
  /** UUID; the same id is the same message, however often it is published. */
  readonly messageId: string;
  readonly body: unknown;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
}

/**
 * Tells which messages go with a change of an item's photos. `item` is as it is after
 * an addition, before a removal. Called inside the transaction, again when that is retried:
 * it must have no effects of its own.
 */
export type PhotoMessages = (item: Item, photos: readonly Photo[]) => OutboxMessage[];
