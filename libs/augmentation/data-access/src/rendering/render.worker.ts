import { once } from 'node:events';
import os from 'node:os';
import process from 'node:process';
import { renderPhoto, UndecodableError } from './render-photo.js';
import type { RenderReply, RenderWork } from './render-work.js';

/** Answers the next `length` bytes of standard input. */
async function read(length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const chunk = process.stdin.read() as Buffer | null;
    if (chunk) {
      at += chunk.copy(bytes, at);
    } else {
      await once(process.stdin, 'readable');
    }
  }
  return bytes;
}

async function work({ photoBytes, order, format }: RenderWork): Promise<RenderReply> {
  try {
    const rendering = await renderPhoto(await read(photoBytes), order, format);
    return { kind: 'rendered', rendering, memoryBytes: process.memoryUsage.rss() };
  } catch (error) {
    return error instanceof UndecodableError
      ? { kind: 'undecodable', reason: error.message }
      : { kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

// Whoever waits for an answer of the API goes first.
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
// Ctrl-C reaches the whole process group: the parent finishes its photos first and then lets go.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (order: RenderWork) => {
  void work(order).then((reply) => process.send?.(reply));
});
if (!process.connected) {
  process.exit(0); // the parent went while we started
}
