import { createHash } from 'node:crypto';
import type { TrainingPhoto } from './model-trainer.js';

/** Names an examination: the same photos with the same labels, in whatever order, give the same checksum. */
export function testSetChecksum(photos: readonly Pick<TrainingPhoto, 'photoId' | 'label'>[]): string {
  const lines = photos.map(({ photoId, label }) => `${photoId} ${label}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
