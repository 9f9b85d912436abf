import { createHash, randomBytes } from 'node:crypto';
import { DiskObjectStore } from './disk-object-store.js';

// Writes objects until it is killed, and tells of each that was accepted: folder and a name for its keys.
const [folder, life] = process.argv.slice(2);
const store = new DiskObjectStore({ folder: folder!, publicUrl: 'http://127.0.0.1', linkSecret: 'unused' });
process.once('disconnect', () => process.exit());

/** A body that says itself whether it is whole: the checksum of the rest comes first. */
function checkableBody(): Buffer {
  const rest = randomBytes(1 + Math.floor(Math.random() * 300_000));
  return Buffer.concat([createHash('sha256').update(rest).digest(), rest]);
}

async function putForever(worker: number): Promise<never> {
  for (let n = 0; ; n++) {
    // Every third goes over one that is there.
    const key = n % 3 === 0 ? `shared/${worker}.bin` : `lives/${life}/${worker}-${n}.bin`;
    await store.put('processed', key, checkableBody(), 'application/octet-stream');
    process.send?.(key);
  }
}

await Promise.all([0, 1, 2].map(putForever));
