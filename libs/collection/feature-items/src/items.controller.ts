import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor, MAX_PHOTOS_PER_REQUEST, readCategoryReference } from '@repo/collection-domain';
import { Answers, CurrentUser, OperationId, Refuses, Repeatable, TakesPhotos, type SignedInUser } from '@repo/http';
import { parseId, type ItemId, type PhotoId } from '@repo/kernel';
import type { Response } from 'express';
import { z } from 'zod';
import { ItemAnswersService } from './item-answers.service.js';
import { ItemsService } from './items.service.js';
import { itemAnswer, itemChangeBody, itemListQuery, newItemForm, newPhotosForm, storedPhotosAnswer, type ItemAnswer, type StoredPhotosAnswer } from './wire.js';

const photoForm = { field: 'foto', maxPhotos: MAX_PHOTOS_PER_REQUEST };
/** How the gate refuses a photo. */
const RefusesPhotos = () =>
  Refuses('PHOTO_MISSING', 'PHOTO_EMPTY', 'TOO_MANY_PHOTOS', 'INVALID_INPUT', 'PHOTO_TOO_LARGE', 'PHOTO_TOO_MANY_PIXELS', 'PHOTO_TYPE_UNSUPPORTED', 'PHOTO_ANIMATED', 'PHOTO_UNREADABLE');

@Controller('Items')
@ApiTags('Items')
export class ItemsController {
  constructor(
    private readonly items: ItemsService,
    private readonly answers: ItemAnswersService,
  ) {}

  @Post()
  @Repeatable()
  @TakesPhotos(photoForm)
  @Answers(201, 'The item and its photos are kept, and their variants asked for', storedPhotosAnswer)
  @RefusesPhotos()
  @Refuses('CATEGORY_NOT_FOUND', 'REMOVED_SINCE')
  async create(
    @CurrentUser() user: SignedInUser,
    @OperationId() operationId: string,
    @Body({ schema: newItemForm }) { nome, descricao, categoria, foto }: z.infer<typeof newItemForm>,
  ): Promise<StoredPhotosAnswer> {
    const item = await this.items.create(user.id, operationId, { name: nome, description: descricao, category: categoria, photos: foto });
    return storedPhotos(item.id, item.photos);
  }

  /** Newest first. The header `Link` leads to the next page, `X-Total-Count` counts the items of all pages. */
  @Get()
  @Answers(200, 'The items of one page', z.array(itemAnswer))
  @Refuses('INVALID_INPUT')
  async list(
    @CurrentUser() user: SignedInUser,
    @Query({ schema: itemListQuery }) query: z.infer<typeof itemListQuery>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ItemAnswer[]> {
    const { items, total, next } = await this.items.list({
      ownerId: user.id,
      limit: query.limit,
      after: query.cursor ? decodeCursor(query.cursor) : undefined,
      category: query.categoria ? readCategoryReference(query.categoria) : undefined,
      text: query.q,
    });
    response.set('X-Total-Count', String(total));
    if (next) {
      response.links({ next: `${response.req.path}?${pageParameters(query, encodeCursor(next))}` });
    }
    return Promise.all(items.map((item) => this.answers.answer(item)));
  }

  @Get(':id')
  @Answers(200, 'The item', itemAnswer)
  @Refuses('ITEM_NOT_FOUND')
  async get(@CurrentUser() user: SignedInUser, @Param('id') id: string): Promise<ItemAnswer> {
    return this.answers.answer(await this.items.get(user.id, parseId<ItemId>(id)));
  }

  @Put(':id')
  @Answers(200, 'The item as it is now', itemAnswer)
  @Refuses('INVALID_INPUT', 'ITEM_NOT_FOUND', 'CATEGORY_NOT_FOUND')
  async change(
    @CurrentUser() user: SignedInUser,
    @Param('id') id: string,
    @Body({ schema: itemChangeBody }) { nome, descricao, categoria }: z.infer<typeof itemChangeBody>,
  ): Promise<ItemAnswer> {
    const change = {
      name: nome,
      description: descricao === null ? '' : descricao,
      category: categoria === undefined ? undefined : readCategoryReference(categoria),
    };
    return this.answers.answer(await this.items.change(user.id, parseId<ItemId>(id), change));
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers(204, 'The item is gone; its photos, variants and vectors follow within seconds')
  @Refuses('ITEM_NOT_FOUND')
  async remove(@CurrentUser() user: SignedInUser, @Param('id') id: string): Promise<void> {
    await this.items.remove(user.id, parseId<ItemId>(id));
  }

  @Post(':id/fotos')
  @Repeatable()
  @TakesPhotos(photoForm)
  @Answers(201, 'The photos are kept, and their variants asked for', storedPhotosAnswer)
  @RefusesPhotos()
  @Refuses('ITEM_NOT_FOUND', 'REMOVED_SINCE')
  async addPhotos(
    @CurrentUser() user: SignedInUser,
    @Param('id') id: string,
    @OperationId() operationId: string,
    @Body({ schema: newPhotosForm }) { foto }: z.infer<typeof newPhotosForm>,
  ): Promise<StoredPhotosAnswer> {
    const itemId = parseId<ItemId>(id);
    return storedPhotos(itemId, await this.items.addPhotos(user.id, itemId, operationId, foto));
  }

  @Delete(':id/fotos/:fotoId')
  @HttpCode(204)
  @Answers(204, 'The photo is gone; its variants and vector follow within seconds')
  @Refuses('ITEM_NOT_FOUND', 'PHOTO_NOT_FOUND', 'LAST_PHOTO')
  async removePhoto(@CurrentUser() user: SignedInUser, @Param('id') id: string, @Param('fotoId') fotoId: string): Promise<void> {
    await this.items.removePhoto(user.id, parseId<ItemId>(id), parseId<PhotoId>(fotoId, 'fotoId'));
  }
}

function storedPhotos(itemId: ItemId, photos: readonly { id: PhotoId }[]): StoredPhotosAnswer {
  const fotoIds = photos.map(({ id }) => id);
  return { success: true, itemId, fotoId: fotoIds[0]!, fotoIds };
}

function pageParameters(query: z.infer<typeof itemListQuery>, cursor: string): URLSearchParams {
  const parameters = new URLSearchParams({ limit: String(query.limit), cursor });
  for (const name of ['categoria', 'q'] as const) {
    if (query[name] !== undefined) {
      parameters.set(name, query[name]);
    }
  }
  return parameters;
}
