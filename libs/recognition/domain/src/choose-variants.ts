import type { StoredVariant } from './augmented-variants.js';

/** Photos and variants that one training looks at: 40,000 vectors are 200 MB. */
export const MAX_TRAINING_IMAGES = 40_000;

/**
 * The variants that train, by photo: all of them while they are few. A large collection needs
 * fewer of each photo, and then photos take turns, so that every transform is seen.
 */
export function chooseVariants(photoIds: readonly string[], variants: readonly StoredVariant[], maxImages = MAX_TRAINING_IMAGES): Map<string, StoredVariant[]> {
  const chosen = new Map<string, StoredVariant[]>(photoIds.map((photoId) => [photoId, []]));
  for (const variant of variants) {
    chosen.get(variant.photoId)?.push(variant);
  }
  const perPhoto = Math.max(0, Math.floor(maxImages / Math.max(1, photoIds.length)) - 1);
  photoIds.forEach((photoId, turn) => chosen.set(photoId, takeInTurn(chosen.get(photoId) ?? [], perPhoto, turn)));
  return chosen;
}

function takeInTurn(variants: StoredVariant[], count: number, turn: number): StoredVariant[] {
  if (variants.length <= count) {
    return variants;
  }
  return Array.from({ length: count }, (_, i) => variants[(turn * count + i) % variants.length]).filter((variant) => variant !== undefined);
}
