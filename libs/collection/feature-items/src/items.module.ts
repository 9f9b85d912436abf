import { Module } from '@nestjs/common';
import { CategoriesController } from './categories.controller.js';
import { CollectionUpkeepService } from './collection-upkeep.service.js';
import { ItemAnswersService } from './item-answers.service.js';
import { ItemPagesService } from './item-pages.service.js';
import { ItemsController } from './items.controller.js';
import { ItemsService } from './items.service.js';
import { OriginalsSweeper } from './originals.sweeper.js';
import { PhotoIntakeService } from './photo-intake.service.js';
import { StorageController } from './storage.controller.js';

/** Items, their photos and their categories. */
@Module({
  controllers: [ItemsController, CategoriesController, StorageController],
  providers: [ItemsService, ItemPagesService, PhotoIntakeService, ItemAnswersService, OriginalsSweeper, CollectionUpkeepService],
})
export class ItemsModule {}
