import { describe, expect, it } from 'vitest';
import { differences, type Holdings } from './check-ledger.js';
import type { Intent } from './ledger.js';

const kept: Intent = { key: 'one', attempts: [{ status: 201, ms: 10 }], kept: { itemId: 'i1', photoIds: ['p1'] }, isDeleted: false };
const variantKeys = Array.from({ length: 9 }, (_, number) => `variant-${number}`);
const whole: Holdings = {
  photos: [{ id: 'p1', item: 'one', itemId: 'i1', key: 'original-1' }],
  jobs: [{ photoId: 'p1', status: 'success', variantKeys }],
  deadPhotoIds: new Set(),
  originals: ['original-1'],
  variants: variantKeys,
};
const nothing: Holdings = { photos: [], jobs: [], deadPhotoIds: new Set(), originals: [], variants: [] };

describe('ledger and platform agree when', () => {
  it.each<[string, Intent, Holdings]>([
    ['a photo was kept and has its nine variants', kept, whole],
    ['a photo was kept and lies among the dead letters', kept, { ...whole, jobs: [], variants: [], deadPhotoIds: new Set(['p1']) }],
    ['an item was deleted and nothing is left of it', { ...kept, isDeleted: true }, nothing],
    ['an item was refused and nothing is there of it', { ...kept, kept: undefined, refused: 'PHOTO_EMPTY' } as Intent, nothing],
  ])('%s', (_, intent, holdings) => expect(differences([intent], holdings)).toEqual([]));
});

describe('tells that', () => {
  it.each<[string, Intent[], Holdings, string]>([
    ['an upload has no answer', [{ ...kept, kept: undefined } as Intent], nothing, 'never answered: one'],
    ['a promised photo is lost', [kept], { ...whole, photos: [] }, 'photo is missing: one i1 p1'],
    ['a deleted photo is still there', [{ ...kept, isDeleted: true }], whole, "photo is nobody's: one i1 p1"],
    ['an item is there twice', [kept], { ...whole, photos: [...whole.photos, { id: 'p2', item: 'one', itemId: 'i2', key: 'original-2' }] }, "photo is nobody's: one i2 p2"],
    ['a photo was forgotten', [kept], { ...whole, jobs: [], variants: [] }, 'neither augmented nor among the dead letters: one'],
    ['a photo was left half done', [kept], { ...whole, jobs: [{ photoId: 'p1', status: 'processing', variantKeys }] }, 'neither augmented nor among the dead letters: one'],
    ['a variant has no row', [kept], { ...whole, variants: [...variantKeys, 'variant-10'] }, "variant is nobody's: variant-10"],
    ['a variant has no object', [kept], { ...whole, variants: variantKeys.slice(1) }, 'variant is missing: variant-0'],
    ['a photo has too few variants', [kept], { ...whole, jobs: [{ photoId: 'p1', status: 'success', variantKeys: variantKeys.slice(1) }] }, '8 variants instead of 9: one'],
    ['an original has no row', [kept], { ...whole, originals: ['original-1', 'original-2'] }, "original is nobody's: original-2"],
    ['an original has no object', [kept], { ...whole, originals: [] }, 'original is missing: original-1'],
    ['a job outlived its photo', [kept], { ...whole, jobs: [...whole.jobs, { photoId: 'p2', status: 'success', variantKeys: [] }] }, "job is nobody's: p2"],
    ['two rows know one variant', [kept], { ...whole, jobs: [{ photoId: 'p1', status: 'success', variantKeys: [...variantKeys.slice(1), 'variant-1'] }] }, 'row of a variant is there twice: variant-1'],
    ['a good photo lies among the dead letters', [kept], { ...whole, deadPhotoIds: new Set(['p1']) }, 'augmented and among the dead letters: one'],
  ])('%s', (_, intents, holdings, line) => expect(differences(intents, holdings)).toContain(line));
});
