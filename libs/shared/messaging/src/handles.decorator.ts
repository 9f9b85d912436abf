import 'reflect-metadata';
import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageDefinition } from '@repo/contracts';
import { throwError, type Observable } from 'rxjs';
import type { MessageHandler } from './message-bus.js';

/** Nest binds these handlers to MessageBusStrategy, and to no other server an app may have. */
export const messageTransport = Symbol('MessageBus');
// By a symbol, so that what Nest writes down about a handler holds no schema.
const handlingKey = Symbol('handling');

export interface HandlesOptions {
  /** Messages at once in this process; 1 by default. */
  parallel?: number;
}

export interface Handling {
  message: MessageDefinition;
  parallel: number;
  /** e.g. `AugmentPhotoHandler.augmentPhoto`. */
  owner: string;
}

/**
 * Marks the method of a controller that handles a message. Returning acknowledges; TemporaryError is tried again;
 * anything else goes to the dead letters. A message may come twice. For Nest it is an event handler: guards,
 * interceptors and pipes work on it, with the body as data and the envelope as context.
 */
export function Handles<Body>(message: MessageDefinition<Body>, { parallel = 1 }: HandlesOptions = {}) {
  return <Method extends MessageHandler<Body>>(target: object, method: string, descriptor: TypedPropertyDescriptor<Method>): void => {
    const handling: Handling = { message, parallel, owner: `${target.constructor.name}.${method}` };
    (EventPattern(message.queue, messageTransport, { [handlingKey]: handling }) as MethodDecorator)(target, method, descriptor);
    // Without these Nest would hand over the body alone.
    Payload()(target, method, 0);
    Ctx()(target, method, 1);
    UseFilters(new RethrowFilter())(target, method, descriptor);
  };
}

/** What a handler was marked with, as Nest hands it to its server; undefined for a handler of somebody else. */
export function handlingIn(extras: object): Handling | undefined {
  return (extras as { [handlingKey]?: Handling })[handlingKey];
}

/** Nest's own filter would replace every error by "Internal server error": then none could be told from another. */
@Catch()
class RethrowFilter implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
