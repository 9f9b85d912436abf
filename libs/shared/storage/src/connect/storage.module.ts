import type { DynamicModule } from '@nestjs/common';

/** Where objects are kept: on an S3 server when `objectsUrl` is set, else as files. */
export interface StorageOptions {
  /** `http(s)://key:secret@host:port/region` */
  objectsUrl?: string | undefined;
  /** How browsers reach that server; links are signed for it. */
  objectsPublicUrl?: string | undefined;
  /** A file with one line `key:secret` for that server, read again when it denies us. */
  objectsCredentialsFile?: string | undefined;
  /** Holds the files when there is no server. */
  folder: string;
  /** How browsers reach the backend, which answers links to files. */
  publicUrl: string;
  /** Signs links to files. */
  linkSecret: string;
  /** True in the one service that answers links to files and clears out what is too old. */
  servesLinks: boolean;
}

/** Gives every module the ObjectStore, and loads the driver of the chosen one alone. */
export class StorageModule {
  /** Throws an Error when a URL can't be used. */
  static async forRoot({ objectsUrl, objectsPublicUrl, objectsCredentialsFile, folder, publicUrl, linkSecret, servesLinks }: StorageOptions): Promise<DynamicModule> {
    if (objectsUrl === undefined) {
      const { DiskStorageModule } = await import('../disk/index.js');
      return DiskStorageModule.forRoot({ folder, publicUrl, linkSecret, servesLinks });
    }
    const { S3StorageModule } = await import('../s3/index.js');
    return S3StorageModule.forRoot({ url: objectsUrl, publicUrl: objectsPublicUrl, credentialsFile: objectsCredentialsFile, sweeps: servesLinks });
  }
}
