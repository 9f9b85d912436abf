import { once } from 'node:events';
import process from 'node:process';
import type { OrderMessage, WorkerMessage } from './wire.js';

/** The child's side of a worker process: answers the orders of its ProcessPool one by one, until the parent lets go or is gone. */
export function answerOrders<Order, Answer>(answer: (bytes: Buffer, order: Order) => Promise<Answer>): void {
  // A parent that is gone needs no answer: `disconnect` ends this process.
  const send = (message: WorkerMessage<Answer>) => process.send?.(message, undefined, undefined, () => {});
  // Ctrl-C reaches the whole process group: the parent finishes its work first and then lets go.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ order, byteLength }: OrderMessage<Order>) => {
    try {
      send({ kind: 'answer', answer: await answer(await read(byteLength), order) });
    } catch (error) {
      send({ kind: 'fault', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  if (!process.connected) {
    process.exit(0); // the parent went while we started
  }
  send({ kind: 'ready' });
}

/** The next `length` bytes of standard input. */
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
