import 'reflect-metadata';
import type { MessageDefinition } from '@repo/contracts';
import type { MessageHandler } from './message-bus.js';

const handlesKey = Symbol('handles');

export interface HandlesOptions {
  /** Messages at once in this process; 1 by default. */
  parallel?: number;
}

interface Handling {
  message: MessageDefinition;
  parallel: number;
}

/**
 * Marks the method that handles a message. Returning acknowledges; TemporaryError is tried again;
 * anything else goes to the dead letters. A message may come twice.
 */
export function Handles<Body>(message: MessageDefinition<Body>, { parallel = 1 }: HandlesOptions = {}) {
  return <Method extends MessageHandler<Body>>(_target: object, _method: string, descriptor: TypedPropertyDescriptor<Method>): void => {
    Reflect.defineMetadata(handlesKey, { message, parallel }, descriptor.value!);
  };
}

/** What a method was marked with, if it was. */
export function handlingOf(method: unknown): Handling | undefined {
  return typeof method === 'function' ? (Reflect.getMetadata(handlesKey, method) as Handling | undefined) : undefined;
}
