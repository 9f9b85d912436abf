import { createHash } from 'node:crypto';

export type SplitPart = 'train' | 'validation' | 'test';

export interface Splittable {
  readonly itemId: string;
  readonly label: string;
}

/** Shares of a class's photos (X78); the rest trains. */
const shares: readonly { part: SplitPart; share: number }[] = [
  { part: 'test', share: 0.15 },
  { part: 'validation', share: 0.15 },
];

/**
 * Deals the photos of every class to training, validation and test, 70 : 15 : 15, whole items at a
 * time: two photos of one thing in two parts would be an examination with known answers. Each part
 * gets at least one item of each class, as long as there are three. Which item goes where hangs on
 * its id and the seed alone, so that a growing collection keeps most of its test photos.
 */
export function splitByItem<T extends Splittable>(photos: readonly T[], seed: number): Record<SplitPart, T[]> {
  const parts: Record<SplitPart, T[]> = { train: [], validation: [], test: [] };
  for (const items of itemsByLabel(photos).values()) {
    const waiting = [...items].sort(([a], [b]) => compareText(rank(a, seed), rank(b, seed))).map(([, itemPhotos]) => itemPhotos);
    const all = waiting.reduce((count, { length }) => count + length, 0);
    for (const { part, share } of shares) {
      // Half a photo more or less rounds to the nearest; the last item is left for training.
      for (let taken = 0; waiting.length > 1 && (taken === 0 || taken + waiting[0]!.length / 2 <= share * all); ) {
        const itemPhotos = waiting.shift()!;
        parts[part].push(...itemPhotos);
        taken += itemPhotos.length;
      }
    }
    parts.train.push(...waiting.flat());
  }
  return parts;
}

/** An item counts once, with the label of its first photo. */
function itemsByLabel<T extends Splittable>(photos: readonly T[]): Map<string, Map<string, T[]>> {
  const byItem = new Map<string, T[]>();
  for (const photo of photos) {
    byItem.set(photo.itemId, [...(byItem.get(photo.itemId) ?? []), photo]);
  }
  const byLabel = new Map<string, Map<string, T[]>>();
  for (const [itemId, itemPhotos] of byItem) {
    const { label } = itemPhotos[0]!;
    byLabel.set(label, (byLabel.get(label) ?? new Map<string, T[]>()).set(itemId, itemPhotos));
  }
  return byLabel;
}

function rank(itemId: string, seed: number): string {
  return createHash('sha256').update(`${seed} ${itemId}`).digest('hex');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
