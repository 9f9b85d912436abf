import { InvalidInputError, type Id } from '@repo/kernel';

/** `v{yyyyMMddHHmmssSSS}-{6 hex}`, UTC: sorts by time as text. Also the name of the version's folder. */
export type ModelVersion = Id<'modelVersion'>;

/** Of a training's id: the last 12 digits of a UUID v7 are random. */
const RUN_DIGITS = 6;

const pattern = /^v\d{17}-[0-9a-f]{6}$/;

/**
 * A new name. Two trainings that end in the same millisecond differ in the end of their ids.
 *
 * @param runId the training that made it
 */
export function newModelVersion(now: Date, runId: string): ModelVersion {
  const timestamp = now.toISOString().replace(/\D/g, '');
  return `v${timestamp}-${runId.slice(-RUN_DIGITS)}` as ModelVersion;
}

/** Whether the version may be that training's; one in 16 million others looks the same. */
export function looksLikeVersionOf(version: string, runId: string): boolean {
  return version.endsWith(`-${runId.slice(-RUN_DIGITS)}`);
}

/** Throws InvalidInputError when the text is no version name. */
export function parseModelVersion(text: string): ModelVersion {
  if (!pattern.test(text)) {
    throw new InvalidInputError(`A version looks like v20260131120000000-0a1b2c, got "${text.slice(0, 60)}"`);
  }
  return text as ModelVersion;
}

/** Where the version's files lie in the bucket `models`. */
export function modelFolder(version: ModelVersion): string {
  return `models/${version}`;
}

/** Key of the version's vectors in the bucket `models`. */
export function modelIndexKey(version: ModelVersion): string {
  return `${modelFolder(version)}/embeddings.faiss`;
}

/**
 * The version of a folder, as `POST /api/UpdateModelVersion` names it.
 * Throws InvalidInputError unless it is `models/{version}`, so that no other path can be announced.
 */
export function versionOfFolder(modelPath: string): ModelVersion {
  const version = parseModelVersion(modelPath.slice(modelPath.lastIndexOf('/') + 1));
  if (modelPath !== modelFolder(version)) {
    throw new InvalidInputError(`modelPath must be models/{version}, got "${modelPath.slice(0, 80)}"`);
  }
  return version;
}
