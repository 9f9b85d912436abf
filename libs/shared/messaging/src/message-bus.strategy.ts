import { Server, type CustomTransportStrategy, type MessageHandler as NestHandler } from '@nestjs/microservices';
import type { Envelope } from '@repo/contracts';
import type { Outcome } from '@repo/kernel';
import { isObservable, lastValueFrom } from 'rxjs';
import { handlingIn, messageTransport, type Handling } from './handles.decorator.js';
import type { MessageBus } from './message-bus.js';

/**
 * Lets Nest's controllers take their messages from a MessageBus. Nest's own transports have no retry and no dead
 * letters; here the bus has both, and Nest adds its guards, interceptors and pipes around the handler.
 */
export class MessageBusStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = messageTransport;
  // The bus hears of every failure and decides: Nest need not log it as one that nobody saw.
  override readonly propagatesEventHandlerErrors = true;
  /** By queue. */
  private readonly handlings = new Map<string, Handling>();

  constructor(private readonly bus: MessageBus) {
    super();
  }

  /** Called by Nest for each handler it finds. Throws when two would take from one queue, naming both. */
  override addHandler(queue: string, handler: NestHandler, isEventHandler: boolean, extras: object = {}): void {
    const handling = handlingIn(extras);
    if (!handling) {
      throw new Error(`A handler of messages must be marked with @Handles, the one for "${queue}" is not`);
    }
    const other = this.handlings.get(queue);
    if (other) {
      throw new Error(`${handling.message.name} in ${queue} must have one handler, but ${other.owner} and ${handling.owner} both handle it`);
    }
    this.handlings.set(queue, handling);
    super.addHandler(queue, handler, isEventHandler, extras);
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscribe().then(() => callback(), callback);
  }

  /** Does nothing: MessagingModule closes the bus, before anything that a running handler may need. */
  close(): void {}

  on(): never {
    throw new Error('The message bus has no events to listen to');
  }

  unwrap<T>(): T {
    return this.bus as T;
  }

  private async subscribe(): Promise<void> {
    for (const [queue, { message, parallel, owner }] of this.handlings) {
      const handler = this.getHandlers().get(queue)!;
      await this.bus.subscribe(message, (body, envelope) => outcomeOf(handler, body, envelope), { parallel });
      this.logger.log({ msg: 'consuming', queue, handler: owner, parallel });
    }
  }
}

// An interceptor, or the filter that passes an error on, makes an observable of it.
async function outcomeOf(handler: NestHandler, body: unknown, envelope: Envelope): Promise<Outcome> {
  const result: unknown = await handler(body, envelope);
  return (isObservable(result) ? await lastValueFrom(result) : result) as Outcome;
}
