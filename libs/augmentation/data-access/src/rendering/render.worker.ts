import os from 'node:os';
import process from 'node:process';
import { renderPhoto, UndecodableError } from './render-photo.js';
import type { ImageProcessMessage, RenderReply, RenderWork } from './render-work.js';

function send(message: ImageProcessMessage): void {
  if (!process.connected) {
    process.exit(0); // the parent is gone, perhaps before we could listen for it
  }
  process.send!(message);
}

async function work({ photo, order, format }: RenderWork): Promise<RenderReply> {
  try {
    const rendering = await renderPhoto(photo, order, format);
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
  void work(order).then((reply) => send({ kind: 'reply', reply }));
});
send({ kind: 'ready' });
