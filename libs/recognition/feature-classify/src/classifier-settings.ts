import type { Precision } from '@repo/recognition-domain';

/** What the app decides about the classifier. */
export class ClassifierSettings {
  /** Folder where the files of versions are kept between starts. */
  readonly cacheFolder: string;
  readonly precision: Precision;

  constructor(settings: ClassifierSettings) {
    this.cacheFolder = settings.cacheFolder;
    this.precision = settings.precision;
  }
}
