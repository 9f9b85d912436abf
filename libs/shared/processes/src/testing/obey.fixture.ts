import { answerOrders } from '../answer-orders.js';

/** What a spec can have its worker process do. */
export type Order = 'echo' | 'crash' | 'hang' | 'fail';

answerOrders(async (bytes, order: Order) => {
  switch (order) {
    case 'echo':
      return { bytes, pid: process.pid };
    case 'crash':
      return process.kill(process.pid, 'SIGSEGV');
    case 'hang':
      return new Promise(() => {});
    case 'fail':
      throw new Error('no idea');
  }
});
