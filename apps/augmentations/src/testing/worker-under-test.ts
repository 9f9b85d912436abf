import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Abstract, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { ImageProcessPool, type ImageProcessPoolOptions } from '@repo/augmentation-data-access';
import { AugmentPhotoHandler, RemovePhotoHandler } from '@repo/augmentation-feature-augment';
import { imageAugmentations, modelTraining, photoRemovals, type Envelope, type MessageDefinition, type MessageOf } from '@repo/contracts';
import { LearningDatabase } from '@repo/database';
import { newId, type Outcome } from '@repo/kernel';
import { MessageBus } from '@repo/messaging';
import { ObjectStore } from '@repo/storage';
import { augmentationsConfig } from '../augmentations-config.js';
import { AugmentationsModule } from '../augmentations.module.js';

export type PhotoBody = MessageOf<typeof imageAugmentations>;

export interface WorkerPlace {
  databaseUrl: string;
  /** Where its objects lie. */
  folder: string;
}

/** Everything that is known of a photo. */
export interface Traces {
  job: { status: string; attempts: number; error_type: string | null } | undefined;
  /** File name and checksum of each row's object, sorted. */
  rows: string[];
  /** The same of each object that the store holds. */
  objects: string[];
  metrics: number;
  hasOriginal: boolean;
}

/** The service with its real parts, consuming nothing: messages are handed to its handlers one by one. */
export class WorkerUnderTest {
  private constructor(private readonly parts: TestingModule) {}

  /** @param images makes other image processes than the service's own */
  static async open({ databaseUrl, folder }: WorkerPlace, images: (options: ImageProcessPoolOptions) => ImageProcessPool = (options) => new ImageProcessPool(options)): Promise<WorkerUnderTest> {
    const config = augmentationsConfig.parse({
      LEARNING_DATABASE_URL: databaseUrl,
      MESSAGES_URL: databaseUrl,
      OC_OBJECTS_DIR: path.join(folder, 'objects'),
      OC_LINK_SECRET: 'x'.repeat(32),
    });
    const parts = await Test.createTestingModule({ imports: [AugmentationsModule.forRoot(config)] })
      .overrideProvider(ImageProcessPool)
      .useFactory({ factory: () => images({ workers: 2, format: { longSide: 200, jpegQuality: 90 } }) })
      .compile();
    return new WorkerUnderTest(parts);
  }

  async close(): Promise<void> {
    await this.parts.close();
  }

  get store(): ObjectStore {
    return this.parts.get(ObjectStore);
  }

  get<Part>(part: Type<Part> | Abstract<Part>): Part {
    return this.parts.get(part);
  }

  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.parts.get(LearningDatabase).source.query(sql, parameters) as Promise<Row[]>;
  }

  /** Stores a photo as the backend does, and answers the message about it. */
  async upload(bytes: Buffer, categoria = 'Minerais'): Promise<PhotoBody> {
    const [itemId, fotoId] = [newId(), newId()];
    const fotoCaminho = `item/${itemId}/${fotoId}.jpg`;
    await this.store.put('original', fotoCaminho, bytes, 'image/jpeg');
    return { itemId, fotoId, userId: newId(), fotoCaminho, categoria, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  deliver(envelope: Envelope): Promise<Outcome> {
    return envelope.name === photoRemovals.name
      ? this.parts.get(RemovePhotoHandler).removePhoto(envelope.body as never, envelope as never)
      : this.parts.get(AugmentPhotoHandler).augmentPhoto(envelope.body as never, envelope as never);
  }

  /** Messages to the training that nobody has taken. */
  async signals(): Promise<number> {
    return (await this.parts.get(MessageBus).depth(modelTraining.queue)).waiting;
  }

  async traces({ fotoId, fotoCaminho }: PhotoBody): Promise<Traces> {
    const [job] = await this.query<NonNullable<Traces['job']>>('SELECT status, attempts, error_type FROM augmentation_jobs WHERE photo_id = $1', [fotoId]);
    const rows = await this.query<{ object_key: string; sha256: string }>(`SELECT object_key, sha256 FROM augmentation_results WHERE photo_id = $1 AND state = 'valid'`, [fotoId]);
    const metrics = await this.query('SELECT 1 FROM augmentation_metrics WHERE photo_id = $1', [fotoId]);
    const objects: string[] = [];
    for await (const { key } of this.store.list('processed', 'training/')) {
      if (key.includes(fotoId)) {
        objects.push(`${path.basename(key)} ${(await this.store.head('processed', key))?.sha256}`);
      }
    }
    return {
      job,
      rows: rows.map(({ object_key, sha256 }) => `${path.basename(object_key)} ${sha256}`).sort(),
      objects: objects.sort(),
      metrics: metrics.length,
      hasOriginal: (await this.store.head('original', fotoCaminho)) !== undefined,
    };
  }
}

export function envelopeOf<Body>(message: MessageDefinition<Body>, body: Body, { messageId = newId(), attempt = 1 } = {}): Envelope<Body> {
  return { messageId, name: message.name, sentAt: new Date().toISOString(), attempt, body };
}
