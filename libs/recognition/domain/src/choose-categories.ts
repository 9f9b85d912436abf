import type { LeftOutCategory, Refusal, TrainingPhoto } from './model-trainer.js';

export const leastCategories = 2;
/** Of each category. */
export const leastPhotos = 5;
/** Of each category: one to learn from, one to stop by, one to be examined on. */
export const leastItems = 3;

export type ChosenPhotos<Photo> =
  | { readonly outcome: 'chosen'; readonly photos: readonly Photo[]; readonly leftOut: readonly LeftOutCategory[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/**
 * The photos of the categories that have enough of them: one with too few would be learnt badly, and whoever began it
 * must not keep everybody else from a model. Refused when fewer than two are left, with what is missing.
 */
export function chooseCategories<Photo extends Pick<TrainingPhoto, 'itemId' | 'label'>>(photos: readonly Photo[]): ChosenPhotos<Photo> {
  const categories = countByCategory(photos);
  const wellFilled = categories.filter(hasPhotos);
  const kept = wellFilled.filter(hasItems);
  if (kept.length < leastCategories) {
    return { outcome: 'refused', refusal: refuse(categories, wellFilled) };
  }
  const labels = new Set(kept.map(({ label }) => label));
  return {
    outcome: 'chosen',
    photos: photos.filter(({ label }) => labels.has(label)),
    leftOut: categories.filter(({ label }) => !labels.has(label)),
  };
}

function refuse(categories: readonly LeftOutCategory[], wellFilled: readonly LeftOutCategory[]): Refusal {
  if (categories.length < leastCategories) {
    const there = categories[0] ? `there is only "${categories[0].label}"` : 'there is none';
    return { code: 'TOO_FEW_CATEGORIES', message: `A training needs photos in at least ${leastCategories} categories; ${there}` };
  }
  if (wellFilled.length < leastCategories) {
    const missing = categories.filter((category) => !hasPhotos(category)).map(({ label, photos }) => `"${label}" has ${photos} (${leastPhotos - photos} missing)`);
    return { code: 'TOO_FEW_PHOTOS', message: `A training needs at least ${leastCategories} categories with ${leastPhotos} photos each; ${missing.join(', ')}` };
  }
  const missing = wellFilled.filter((category) => !hasItems(category)).map(({ label, items }) => `"${label}" has ${items} (${leastItems - items} missing)`);
  return {
    code: 'TOO_FEW_ITEMS',
    message: `A training needs at least ${leastCategories} categories with photos of ${leastItems} items each, some to learn from and others to be examined on; ${missing.join(', ')}`,
  };
}

const hasPhotos = ({ photos }: LeftOutCategory) => photos >= leastPhotos;
const hasItems = ({ items }: LeftOutCategory) => items >= leastItems;

/** In the order of their labels. */
function countByCategory(photos: readonly Pick<TrainingPhoto, 'itemId' | 'label'>[]): LeftOutCategory[] {
  const counts = new Map<string, { photos: number; items: Set<string> }>();
  for (const { label, itemId } of photos) {
    const count = counts.get(label) ?? { photos: 0, items: new Set() };
    counts.set(label, { photos: count.photos + 1, items: count.items.add(itemId) });
  }
  return [...counts]
    .map(([label, { photos: count, items }]) => ({ label, photos: count, items: items.size }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
