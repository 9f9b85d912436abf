/** What goes to a worker process; the bytes themselves come through its standard input. */
export interface OrderMessage<Order> {
  order: Order;
  byteLength: number;
}

/** What comes back: once `ready`, then one answer to each order. */
export type WorkerMessage<Answer> =
  | { kind: 'ready' }
  | { kind: 'answer'; answer: Answer }
  /** A fault of ours; the process lives on. */
  | { kind: 'fault'; reason: string };
