import { Global, Injectable, Logger, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ObjectStore } from '../object-store.js';
import { DiskObjectStore, type DiskObjectStoreOptions } from './disk-object-store.js';
import { DiskObjectsController } from './disk-objects.controller.js';

const sweepEveryMs = 3_600_000;

/** Clears out old temporary objects at the start and every hour. */
@Injectable()
class DiskSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('objects');
  private timer?: NodeJS.Timeout;

  constructor(private readonly store: DiskObjectStore) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), sweepEveryMs).unref();
    this.sweep();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private sweep(): void {
    this.store.sweep().catch((error: unknown) => this.logger.warn({ msg: 'old temporary objects could not be removed', err: error }));
  }
}

export interface DiskStorageOptions extends DiskObjectStoreOptions {
  /** True in the one service that answers the links and clears out what is too old. */
  servesLinks: boolean;
}

/** Gives every module the ObjectStore, as files below one folder. */
@Global()
@Module({})
export class DiskStorageModule {
  static forRoot({ servesLinks, ...options }: DiskStorageOptions): DynamicModule {
    return {
      module: DiskStorageModule,
      controllers: servesLinks ? [DiskObjectsController] : [],
      providers: [
        { provide: DiskObjectStore, useFactory: () => new DiskObjectStore(options) },
        { provide: ObjectStore, useExisting: DiskObjectStore },
        ...(servesLinks ? [DiskSweeper] : []),
      ],
      exports: [ObjectStore],
    };
  }
}
