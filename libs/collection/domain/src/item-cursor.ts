import { InvalidInputError, parseId, type ItemId } from '@repo/kernel';

/** The last item of a page: the next page begins below it. Newest first, ids break ties. */
export interface ItemCursor {
  readonly createdAt: Date;
  readonly id: ItemId;
}

/** Opaque to callers, so that the order may change without breaking them. */
export function encodeCursor({ createdAt, id }: ItemCursor): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** Throws InvalidInputError for anything `encodeCursor` did not make. */
export function decodeCursor(text: string): ItemCursor {
  const [createdAt = '', id = '', ...rest] = Buffer.from(text, 'base64url').toString().split(' ');
  const date = new Date(createdAt);
  if (rest.length > 0 || Number.isNaN(date.getTime()) || date.toISOString() !== createdAt) {
    throw new InvalidInputError('cursor must be one from a Link header');
  }
  return { createdAt: date, id: parseId<ItemId>(id, 'The id in cursor') };
}
