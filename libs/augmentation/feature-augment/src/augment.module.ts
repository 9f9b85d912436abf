import { Module } from '@nestjs/common';
import { AugmentPhotoHandler } from './augment-photo.handler.js';
import { LeftoversSweeper } from './leftovers.sweeper.js';
import { PhotoAugmenter } from './photo-augmenter.js';
import { RemovePhotoHandler } from './remove-photo.handler.js';
import { VariantStore } from './variant-store.js';

/**
 * Variants of stored photos, and their removal. Asks for AugmentationRepository, Inbox, PhotoRenderer,
 * ObjectStore, MessageBus and Clock, which the app provides globally.
 */
@Module({ controllers: [AugmentPhotoHandler, RemovePhotoHandler], providers: [PhotoAugmenter, VariantStore, LeftoversSweeper] })
export class AugmentModule {}
