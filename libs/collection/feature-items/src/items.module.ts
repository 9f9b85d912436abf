import { Module } from '@nestjs/common';
import { CategoriesController } from './categories.controller.js';
import { CollectionUpkeepService } from './collection-upkeep.service.js';
import { ItemAnswersService } from './item-answers.service.js';
import { ItemPagesService } from './item-pages.service.js';
import { ItemsController } from './items.controller.js';
import { ItemsService } from './items.service.js';
import { PhotoIntakeService } from './photo-intake.service.js';

/** Items, their photos and their categories. */
@Module({
  controllers: [ItemsController, CategoriesController],
  providers: [ItemsService, ItemPagesService, PhotoIntakeService, ItemAnswersService, CollectionUpkeepService],
})
export class ItemsModule {}
