import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CategoryRepository, type CountedCategory } from '@repo/collection-domain';
import { Answers, CurrentUser, Refuses, type SignedInUser } from '@repo/http';
import { newId, parseId, type CategoryId } from '@repo/kernel';
import { z } from 'zod';
import { categoryAnswer, categoryChangeBody, categoryDeleteQuery, newCategoryBody, type CategoryAnswer } from './wire.js';

@Controller('Categorias')
@ApiTags('Categorias')
export class CategoriesController {
  constructor(private readonly categories: CategoryRepository) {}

  @Get()
  @Answers(200, 'All of the caller\'s categories, by name', z.array(categoryAnswer))
  async list(@CurrentUser() user: SignedInUser): Promise<CategoryAnswer[]> {
    return (await this.categories.list(user.id)).map(answer);
  }

  @Post()
  @Answers(201, 'The new category', categoryAnswer)
  @Refuses('INVALID_INPUT', 'CATEGORY_EXISTS')
  async create(
    @CurrentUser() user: SignedInUser,
    @Body({ schema: newCategoryBody }) { nome, settings }: z.infer<typeof newCategoryBody>,
  ): Promise<CategoryAnswer> {
    const category = await this.categories.create({ id: newId(), ownerId: user.id, name: nome, settings });
    return answer({ ...category, itemCount: 0 });
  }

  @Put(':id')
  @Answers(200, 'The category as it is now', categoryAnswer)
  @Refuses('INVALID_INPUT', 'CATEGORY_NOT_FOUND', 'CATEGORY_EXISTS')
  async change(
    @CurrentUser() user: SignedInUser,
    @Param('id') id: string,
    @Body({ schema: categoryChangeBody }) { nome, settings }: z.infer<typeof categoryChangeBody>,
  ): Promise<CategoryAnswer> {
    return answer(await this.categories.update(user.id, parseId<CategoryId>(id), { name: nome, settings }));
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers(204, 'The category is gone, its items moved if there were any')
  @Refuses('CATEGORY_NOT_FOUND', 'CATEGORY_IN_USE')
  async remove(
    @CurrentUser() user: SignedInUser,
    @Param('id') id: string,
    @Query({ schema: categoryDeleteQuery }) { moveTo }: z.infer<typeof categoryDeleteQuery>,
  ): Promise<void> {
    await this.categories.delete(user.id, parseId<CategoryId>(id), { moveTo: moveTo === undefined ? undefined : parseId<CategoryId>(moveTo) });
  }
}

function answer({ id, name, itemCount, settings, createdAt }: CountedCategory): CategoryAnswer {
  return { id, nome: name, itens: itemCount, settings, criadoEm: createdAt.toISOString() };
}
