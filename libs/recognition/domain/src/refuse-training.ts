import type { Refusal, TrainingPhoto } from './model-trainer.js';

export const leastCategories = 2;
/** Of each category. */
export const leastPhotos = 5;
/** Of each category: one to learn from, one to stop by, one to be examined on. */
export const leastItems = 3;

/** Why these photos can't train a model that means something; undefined when they can. */
export function refuseTraining(photos: readonly Pick<TrainingPhoto, 'itemId' | 'label'>[]): Refusal | undefined {
  const categories = countByCategory(photos);
  if (categories.length < leastCategories) {
    const there = categories[0] ? `there is only "${categories[0].label}"` : 'there is none';
    return { code: 'TOO_FEW_CATEGORIES', message: `A training needs photos in at least ${leastCategories} categories; ${there}` };
  }
  const short = categories.filter((category) => category.photos < leastPhotos);
  if (short.length > 0) {
    const missing = short.map((category) => `"${category.label}" has ${category.photos} (${leastPhotos - category.photos} missing)`);
    return { code: 'TOO_FEW_PHOTOS', message: `A training needs at least ${leastPhotos} photos in each category; ${missing.join(', ')}` };
  }
  const scarce = categories.filter((category) => category.items < leastItems);
  if (scarce.length > 0) {
    const missing = scarce.map((category) => `"${category.label}" has ${category.items} (${leastItems - category.items} missing)`);
    return {
      code: 'TOO_FEW_ITEMS',
      message: `A training needs photos of at least ${leastItems} items in each category, some to learn from and others to be examined on; ${missing.join(', ')}`,
    };
  }
  return undefined;
}

function countByCategory(photos: readonly Pick<TrainingPhoto, 'itemId' | 'label'>[]): { label: string; photos: number; items: number }[] {
  const itemIds = new Map<string, string[]>();
  for (const { label, itemId } of photos) {
    itemIds.set(label, (itemIds.get(label) ?? []).concat(itemId));
  }
  return [...itemIds]
    .map(([label, ids]) => ({ label, photos: ids.length, items: new Set(ids).size }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
