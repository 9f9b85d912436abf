import { Global, Module, type DynamicModule } from '@nestjs/common';
import { HourlySweeper } from '../hourly-sweeper.js';
import { ObjectStore } from '../object-store.js';
import { DiskObjectStore, type DiskObjectStoreOptions } from './disk-object-store.js';
import { DiskObjectsController } from './disk-objects.controller.js';

export interface DiskStorageOptions extends DiskObjectStoreOptions {
  /** True in the one service that answers the links and clears out what is too old. */
  servesLinks: boolean;
}

/** Gives every module the ObjectStore, as files below one folder. */
@Global()
@Module({})
export class DiskStorageModule {
  static forRoot({ servesLinks, ...options }: DiskStorageOptions): DynamicModule {
    const sweeper = { provide: HourlySweeper, inject: [DiskObjectStore], useFactory: (store: DiskObjectStore) => new HourlySweeper(() => store.sweep()) };
    return {
      module: DiskStorageModule,
      controllers: servesLinks ? [DiskObjectsController] : [],
      providers: [
        { provide: DiskObjectStore, useFactory: () => new DiskObjectStore(options) },
        { provide: ObjectStore, useExisting: DiskObjectStore },
        ...(servesLinks ? [sweeper] : []),
      ],
      exports: [ObjectStore],
    };
  }
}
