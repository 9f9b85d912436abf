import type { ModelState } from './model-registry.js';
import type { ModelVersion } from './model-version.js';

/** How a finished version is told to the platform: `POST /api/UpdateModelVersion`. */
export abstract class ModelAnnouncer {
  /** Telling the same version again is no error. Throws TemporaryError when the backend doesn't answer. */
  abstract announce(version: ModelVersion): Promise<{ readonly state: ModelState; readonly reason: string | undefined }>;
}
