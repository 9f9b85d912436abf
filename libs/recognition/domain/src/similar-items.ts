import type { ItemId, PhotoId } from '@repo/kernel';
import type { Neighbour } from './similarity-index.js';

export interface SimilarItem {
  readonly itemId: ItemId;
  /** The item's photo that looks most like it. */
  readonly photoId: PhotoId;
  /** 1 - cosine similarity: 0 for the same picture, 1 for unrelated. */
  readonly distance: number;
}

/** Five, as the documents have it (CL08). */
export const DEFAULT_SIMILAR_ITEMS = 5;
export const MAX_SIMILAR_ITEMS = 50;

/**
 * The `k` items most like a photo, best first. An item counts once, by its best photo, so the
 * search is widened until `k` items are found or there are no more photos.
 *
 * @param search at most `limit` photos, best first
 * @param itemOf undefined for a photo that is just being removed
 */
export function findSimilarItems(k: number, search: (limit: number) => Neighbour[], itemOf: (photoId: PhotoId) => ItemId | undefined): SimilarItem[] {
  for (let limit = k * 4; ; limit *= 4) {
    const neighbours = search(limit);
    const items = bestOfEach(neighbours, itemOf);
    if (items.length >= k || neighbours.length < limit) {
      return items.slice(0, k);
    }
  }
}

function bestOfEach(neighbours: readonly Neighbour[], itemOf: (photoId: PhotoId) => ItemId | undefined): SimilarItem[] {
  const best = new Map<ItemId, SimilarItem>();
  for (const { photoId, similarity } of neighbours) {
    const itemId = itemOf(photoId);
    if (itemId && !best.has(itemId)) {
      // Rounding can push a cosine a hair beyond 1.
      best.set(itemId, { itemId, photoId, distance: Math.max(0, 1 - similarity) });
    }
  }
  return [...best.values()];
}
