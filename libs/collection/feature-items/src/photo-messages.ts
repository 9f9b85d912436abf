import type { Item, OutboxMessage, Photo } from '@repo/collection-domain';
import { imageAugmentations, photoRemovals, type MessageDefinition } from '@repo/contracts';
import { newId } from '@repo/kernel';
import { currentTraceparent } from '@repo/observability';

/** Asks for the training variants of photos that were added. */
export function augmentationMessages({ id, ownerId, category }: Item, photos: readonly Photo[]): OutboxMessage[] {
  return photos.map((photo) =>
    outboxMessage(imageAugmentations, {
      itemId: id,
      fotoId: photo.id,
      fotoCaminho: photo.objectKey,
      categoria: category.name,
      userId: ownerId,
      sha256: photo.sha256,
      settings: category.settings,
    }),
  );
}

/** Has the objects, variants and vectors of removed photos cleared away. */
export function removalMessages({ id }: Item, photos: readonly Photo[]): OutboxMessage[] {
  return photos.map((photo) => outboxMessage(photoRemovals, { itemId: id, fotoId: photo.id, fotoCaminho: photo.objectKey }));
}

function outboxMessage<Body>({ name, queue }: MessageDefinition<Body>, body: Body): OutboxMessage {
  return { messageName: name, queue, messageId: newId(), body, traceparent: currentTraceparent() };
}
