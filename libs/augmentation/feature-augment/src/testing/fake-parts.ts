import { createHash } from 'node:crypto';
import {
  AugmentationRepository,
  claimJob,
  Inbox,
  maySettle,
  MessageIdReusedError,
  PhotoRenderer,
  type AugmentationJob,
  type AugmentationOrder,
  type AugmentationReport,
  type Claim,
  type ReceivedMessage,
  type RenderedPhoto,
  type RenderedVariant,
  type RemovedPhoto,
} from '@repo/augmentation-domain';
import type { PhotoId } from '@repo/kernel';
import { ErrorReporter } from '@repo/observability';
import { ObjectStore, type Bucket, type ObjectSummary, type StoredObject } from '@repo/storage';

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Objects in a map. `onPut` may change what is kept, or throw. */
export class FakeObjectStore extends ObjectStore {
  readonly objects = new Map<string, { body: Buffer; modifiedAt: Date }>();
  onPut: (key: string, body: Buffer) => Buffer | Promise<Buffer> = (_, body) => body;

  keys(bucket: Bucket): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(`${bucket}/`)).map((key) => key.slice(bucket.length + 1));
  }

  override async put(bucket: Bucket, key: string, body: Buffer): Promise<StoredObject> {
    const kept = await this.onPut(key, body);
    this.objects.set(`${bucket}/${key}`, { body: kept, modifiedAt: new Date() });
    return { key, bytes: kept.length, sha256: sha256Of(kept), etag: createHash('md5').update(kept).digest('hex') };
  }

  override async get(bucket: Bucket, key: string): Promise<Buffer | undefined> {
    return this.objects.get(`${bucket}/${key}`)?.body;
  }

  override async head(): Promise<StoredObject | undefined> {
    throw new Error('not needed');
  }

  override async remove(bucket: Bucket, key: string): Promise<void> {
    this.objects.delete(`${bucket}/${key}`);
  }

  override async *list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary> {
    for (const key of this.keys(bucket).filter((name) => name.startsWith(prefix))) {
      const { body, modifiedAt } = this.objects.get(`${bucket}/${key}`)!;
      yield { key, bytes: body.length, modifiedAt };
    }
  }

  override async signedUrl(): Promise<string> {
    throw new Error('not needed');
  }

  override async roundTrip(): Promise<void> {}
}

/** Jobs in maps, by the same rules as the real ones. */
export class FakeJobs extends AugmentationRepository {
  readonly jobs = new Map<PhotoId, AugmentationJob>();
  readonly reports = new Map<PhotoId, AugmentationReport>();
  readonly removed = new Set<PhotoId>();
  readonly failures: { errorType: string; message: string; terminal: boolean }[] = [];
  readonly pruned: Date[] = [];

  override async claim(order: AugmentationOrder): Promise<Claim> {
    if (this.removed.has(order.photoId)) {
      return { kind: 'removed' };
    }
    const existing = this.jobs.get(order.photoId);
    const job = claimJob(existing, order, { now: new Date(), newJobId: '01990000-0000-7000-8000-000000000000' });
    if (!job) {
      return { kind: 'finished', jobId: existing!.jobId, validVariants: this.reports.get(order.photoId)!.results.length };
    }
    this.jobs.set(order.photoId, job);
    return { kind: 'claimed', job };
  }

  override async finish(job: AugmentationJob, report: AugmentationReport): Promise<'saved' | 'stale' | 'removed'> {
    if (this.removed.has(job.photoId)) {
      return 'removed';
    }
    if (!maySettle(this.jobs.get(job.photoId), job.fence)) {
      return 'stale';
    }
    this.jobs.set(job.photoId, { ...job, status: 'success' });
    this.reports.set(job.photoId, report);
    return 'saved';
  }

  override async fail(_: AugmentationJob, failure: { errorType: string; message: string; terminal: boolean }): Promise<void> {
    this.failures.push(failure);
  }

  override async isRemoved(photoId: PhotoId): Promise<boolean> {
    return this.removed.has(photoId);
  }

  override async markRemoved(photoId: PhotoId): Promise<RemovedPhoto> {
    this.removed.add(photoId);
    const variantKeys = this.reports.get(photoId)?.results.map(({ objectKey }) => objectKey) ?? [];
    return { variantKeys, category: this.jobs.get(photoId)?.category };
  }

  override async forget(photoId: PhotoId): Promise<void> {
    this.jobs.delete(photoId);
    this.reports.delete(photoId);
  }

  override async unknownKeys(objectKeys: readonly string[]): Promise<string[]> {
    const known = new Set([...this.reports.values()].flatMap(({ results }) => results.map(({ objectKey }) => objectKey)));
    return objectKeys.filter((key) => !known.has(key));
  }

  override async abandonJobs(_before: Date): Promise<number> {
    return 0;
  }

  override async prune(before: Date): Promise<void> {
    this.pruned.push(before);
  }
}

export class FakeInbox extends Inbox {
  readonly bodies = new Map<string, string>();
  readonly handled = new Set<string>();

  override async wasHandled({ messageId, body }: ReceivedMessage): Promise<boolean> {
    const text = JSON.stringify(body);
    if ((this.bodies.get(messageId) ?? text) !== text) {
      throw new MessageIdReusedError(messageId);
    }
    this.bodies.set(messageId, text);
    return this.handled.has(messageId);
  }

  override async markHandled(messageId: string): Promise<void> {
    this.handled.add(messageId);
  }
}

export function variant(over: Partial<RenderedVariant> & { name?: string } = {}): RenderedVariant {
  const { name = 'rotate', ...rest } = over;
  const bytes = Buffer.from(`the ${name} variant`);
  return { plan: { transform: 'rotate-90', params: {}, paramsHash: sha256Of(bytes).slice(0, 16) }, bytes, sha256: sha256Of(bytes), width: 4, height: 3, ...rest };
}

/** Answers with `variants`, or does what `onRender` says instead. */
export class FakeRenderer extends PhotoRenderer {
  variants = [variant({ name: 'first' }), variant({ name: 'second' }), variant({ name: 'third' })];
  onRender: () => void | Promise<void> = () => {};
  rendered = 0;

  override async render(): Promise<RenderedPhoto> {
    this.rendered++;
    await this.onRender();
    return {
      quality: { sharpness: 500, brightness: 120, contrast: 40 },
      badQuality: false,
      variants: this.variants,
      stagesMs: { wait: 1, decode: 2, render: 3, check: 4 },
      workerMemoryBytes: 90e6,
    };
  }
}

export class FakeErrors extends ErrorReporter {
  readonly reported: { error: unknown; context: unknown }[] = [];
  override report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.reported.push({ error, context });
  }
}
