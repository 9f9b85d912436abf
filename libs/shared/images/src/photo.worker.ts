import process from 'node:process';
import { decodePhoto } from './decode-photo.js';
import type { PhotoOrder, WorkerMessage } from './photo-work.js';

/** A parent that is gone needs no answer: `disconnect` ends this process. */
const send = (message: WorkerMessage) => process.send?.(message, undefined, undefined, () => {});

// Ctrl-C reaches the whole process group: the parent finishes its requests first and then lets go.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (order: PhotoOrder) => {
  void decodePhoto(order).then((verdict) => send({ kind: 'verdict', verdict }));
});
send({ kind: 'ready' });
