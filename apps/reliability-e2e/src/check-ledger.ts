import { eventually } from './eventually.js';
import type { Intent, Ledger } from './ledger.js';
import type { PlatformData } from './platform-data.js';

/** Of the base set, which every photo gets; other categories have more. */
const VARIANTS_OF_A_PHOTO = 9;

interface PhotoRow {
  id: string;
  item: string;
  itemId: string;
  key: string;
}

interface JobRow {
  photoId: string;
  status: string;
  variantKeys: string[];
}

/** What the platform holds, as far as the ledger speaks of it. */
export interface Holdings {
  photos: readonly PhotoRow[];
  jobs: readonly JobRow[];
  /** Photos whose message lies among the dead letters and waits for a person. */
  deadPhotoIds: ReadonlySet<string>;
  originals: readonly string[];
  variants: readonly string[];
}

/**
 * Compares what was wanted with what there is. An empty list: nothing is lost, nothing is twice, nothing is left over.
 * Each line names one difference.
 */
export async function checkLedger(ledger: Ledger, data: PlatformData): Promise<string[]> {
  return differences(ledger.intents, await readHoldings(data));
}

/** Waits until the ledger and the platform agree; answers the seconds that took. Throws with the first differences otherwise. */
export async function untilLedgerAgrees(ledger: Ledger, data: PlatformData, timeoutMs = 60_000): Promise<number> {
  let found: string[] = [];
  try {
    return await eventually('ledger and platform agree', async () => (found = await checkLedger(ledger, data)).length === 0, timeoutMs, 200);
  } catch (cause) {
    throw new Error([`${found.length} differences between ledger and platform:`, ...found.slice(0, 20)].join('\n'), { cause });
  }
}

export function differences(intents: readonly Intent[], { photos, jobs, deadPhotoIds, originals, variants }: Holdings): string[] {
  const present = intents.filter(({ kept, isDeleted }) => kept && !isDeleted);
  const variantRows = jobs.flatMap(({ variantKeys }) => variantKeys);
  const jobOf = new Map(jobs.map((job) => [job.photoId, job]));
  return [
    ...intents.filter(({ kept, refused }) => !kept && refused === undefined).map(({ key }) => `never answered: ${key}`),
    ...sameOnce(
      'photo',
      present.flatMap(({ key, kept }) => kept!.photoIds.map((id) => `${key} ${kept!.itemId} ${id}`)),
      photos.map(({ item, itemId, id }) => `${item} ${itemId} ${id}`),
    ),
    ...photos.flatMap((photo) => workDone(photo, jobOf.get(photo.id), deadPhotoIds)),
    ...withoutPartner('job', jobs.map(({ photoId }) => photoId), new Set(photos.map(({ id }) => id))),
    ...sameOnce('original', photos.map(({ key }) => key), originals),
    ...sameOnce('variant', variantRows, variants),
    ...repeated(variantRows).map((key) => `row of a variant is there twice: ${key}`),
  ];
}

function workDone({ id, item }: PhotoRow, job: JobRow | undefined, deadPhotoIds: ReadonlySet<string>): string[] {
  if (deadPhotoIds.has(id)) {
    return job?.status === 'success' ? [`augmented and among the dead letters: ${item}`] : [];
  }
  if (job?.status !== 'success') {
    return [`neither augmented nor among the dead letters: ${item}`];
  }
  return job.variantKeys.length === VARIANTS_OF_A_PHOTO ? [] : [`${job.variantKeys.length} variants instead of ${VARIANTS_OF_A_PHOTO}: ${item}`];
}

/** Both lists hold the same, each once. */
function sameOnce(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [wantedSet, foundSet] = [new Set(wanted), new Set(found)];
  return [
    ...[...wantedSet].filter((one) => !foundSet.has(one)).map((one) => `${what} is missing: ${one}`),
    ...withoutPartner(what, foundSet, wantedSet),
    ...repeated(found).map((one) => `${what} is there twice: ${one}`),
  ];
}

function repeated(list: readonly string[]): string[] {
  const seen = new Set<string>();
  return list.filter((one) => seen.size === seen.add(one).size);
}

function withoutPartner(what: string, found: Iterable<string>, wanted: ReadonlySet<string>): string[] {
  return [...found].filter((one) => !wanted.has(one)).map((one) => `${what} is nobody's: ${one}`);
}

async function readHoldings(data: PlatformData): Promise<Holdings> {
  const [photos, jobs, givenUp, originals, variants] = await Promise.all([
    data.collection<PhotoRow>('SELECT p.id, i.nome AS item, i.id AS "itemId", p.caminho AS key FROM "Fotos" p JOIN "Items" i ON i.id = p."itemId"'),
    data.learning<JobRow>(
      `SELECT j.photo_id AS "photoId", j.status, coalesce(array_agg(r.object_key) FILTER (WHERE r.state = 'valid'), '{}') AS "variantKeys"
       FROM augmentation_jobs j LEFT JOIN augmentation_results r ON r.job_id = j.job_id GROUP BY j.job_id`,
    ),
    data.givenUp(),
    data.objects.keys('original'),
    data.objects.keys('processed'),
  ]);
  return { photos, jobs, deadPhotoIds: new Set(givenUp), originals, variants };
}
