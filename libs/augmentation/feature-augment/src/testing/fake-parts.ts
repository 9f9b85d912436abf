import { createHash } from 'node:crypto';
import { PhotoRenderer, type RenderedPhoto, type RenderedVariant } from '@repo/augmentation-domain';
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
