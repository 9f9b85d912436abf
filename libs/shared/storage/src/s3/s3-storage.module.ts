import { Global, Inject, Logger, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HourlySweeper } from '../hourly-sweeper.js';
import { ObjectStore } from '../object-store.js';
import { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.js';

export interface S3StorageOptions extends S3ObjectStoreOptions {
  /** True in the one service that clears out what is too old. */
  sweeps: boolean;
}

/** Gives every module the ObjectStore, as objects of an S3 server. */
@Global()
@Module({})
export class S3StorageModule implements OnModuleInit {
  private readonly logger = new Logger('objects');

  constructor(@Inject(ObjectStore) private readonly store: S3ObjectStore) {}

  /** Throws an Error when a URL can't be used. */
  static forRoot({ sweeps, ...options }: S3StorageOptions): DynamicModule {
    const sweeper = { provide: HourlySweeper, inject: [ObjectStore], useFactory: (store: S3ObjectStore) => new HourlySweeper(() => store.sweep()) };
    return {
      module: S3StorageModule,
      providers: [{ provide: ObjectStore, useFactory: () => new S3ObjectStore(options) }, ...(sweeps ? [sweeper] : [])],
      exports: [ObjectStore],
    };
  }

  /** A server that is away now is prepared by the first call that reaches it: the rest of the platform need not wait. */
  async onModuleInit(): Promise<void> {
    await this.store.prepare().catch((error: unknown) => this.logger.error({ msg: 'the object store could not be prepared', err: error }));
  }
}
