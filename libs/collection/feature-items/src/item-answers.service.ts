import { Injectable } from '@nestjs/common';
import { ObjectStore } from '@repo/storage';
import type { ListedItem } from './item-pages.service.js';
import type { ItemAnswer } from './wire.js';

/** Items as callers see them. */
@Injectable()
export class ItemAnswersService {
  constructor(private readonly store: ObjectStore) {}

  async answer({ id, name, description, category, photos, createdAt }: ListedItem): Promise<ItemAnswer> {
    return {
      id,
      nome: name,
      descricao: description ?? null,
      categoriaId: category.id,
      categoria: category.name,
      // The store gives an object one and the same link for a quarter of an hour, so that answers can be compared by ETag.
      fotos: await Promise.all(photos.map(({ objectKey }) => this.store.signedUrl('original', objectKey))),
      fotoIds: photos.map((photo) => photo.id),
      criadoEm: createdAt.toISOString(),
    };
  }
}
