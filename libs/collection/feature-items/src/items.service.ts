import { Injectable } from '@nestjs/common';
import {
  CategoryRepository,
  checkPhotosFit,
  cleanDescription,
  cleanItemName,
  ItemRepository,
  readCategoryReference,
  type CategoryReference,
  type Item,
  type ItemChange,
  type ItemQuery,
  type Photo,
} from '@repo/collection-domain';
import { crashPoint, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { OutboxRelay } from '@repo/messaging';
import { ItemPagesService, type ListedPage } from './item-pages.service.js';
import { PhotoIntakeService } from './photo-intake.service.js';
import { augmentationMessages, removalMessages } from './photo-messages.js';

export interface ItemDraft {
  name: string;
  description?: string | undefined;
  /** Name or id. */
  category: string;
  photos: readonly Buffer[];
}

@Injectable()
export class ItemsService {
  constructor(
    private readonly items: ItemRepository,
    private readonly pages: ItemPagesService,
    private readonly categories: CategoryRepository,
    private readonly intake: PhotoIntakeService,
    private readonly outbox: OutboxRelay,
  ) {}

  /**
   * Keeps an item with its photos and asks for their variants.
   * Throws InvalidInputError, CategoryNotFoundError, TooManyPhotosError, RemovedSinceError and the photo gate's errors; then nothing is kept.
   */
  async create(ownerId: UserId, operationId: string, { name, description, category, photos }: ItemDraft): Promise<Item> {
    // What costs nothing is checked before the photos are decoded.
    checkPhotosFit(0, photos.length);
    const text = { name: cleanItemName(name), description: cleanDescription(description ?? '') };
    const reference = await this.existingOrNew(ownerId, category);
    const id = operationId as ItemId;
    const item = await this.intake.take(id, operationId, photos, (stored) =>
      this.items.create({ id, ownerId, ...text, category: reference, photos: stored }, augmentationMessages),
    );
    crashPoint('upload.after-commit');
    this.outbox.wake();
    return item;
  }

  list(query: ItemQuery): Promise<ListedPage> {
    return this.pages.list(query);
  }

  /** Throws ItemNotFoundError. */
  get(ownerId: UserId, id: ItemId): Promise<Item> {
    return this.items.get(ownerId, id);
  }

  /** Throws ItemNotFoundError, CategoryNotFoundError, InvalidInputError. */
  change(ownerId: UserId, id: ItemId, change: ItemChange): Promise<Item> {
    return this.items.update(ownerId, id, change);
  }

  /** Rows go now; objects, variants and vectors follow by message. Throws ItemNotFoundError. */
  async remove(ownerId: UserId, id: ItemId): Promise<void> {
    await this.items.delete(ownerId, id, removalMessages);
    this.outbox.wake();
  }

  /** Throws ItemNotFoundError, TooManyPhotosError, RemovedSinceError and the photo gate's errors. */
  async addPhotos(ownerId: UserId, id: ItemId, operationId: string, photos: readonly Buffer[]): Promise<Photo[]> {
    const { length: present } = (await this.items.get(ownerId, id)).photos;
    checkPhotosFit(present, photos.length);
    const added = await this.intake.take(id, operationId, photos, (stored) => this.items.addPhotos(ownerId, id, stored, augmentationMessages));
    crashPoint('upload.after-commit');
    this.outbox.wake();
    return added;
  }

  /** Throws ItemNotFoundError, PhotoNotFoundError, LastPhotoError. */
  async removePhoto(ownerId: UserId, id: ItemId, photoId: PhotoId): Promise<void> {
    await this.items.removePhoto(ownerId, id, photoId, removalMessages);
    this.outbox.wake();
  }

  private async existingOrNew(ownerId: UserId, category: string): Promise<CategoryReference> {
    const reference = readCategoryReference(category);
    if ('id' in reference) {
      await this.categories.get(ownerId, reference.id);
    }
    return reference;
  }
}
