import type { MessageDefinition } from '@repo/contracts';
import { handlingOf } from './handles.decorator.js';
import type { MessageHandler } from './message-bus.js';

export interface FoundHandler {
  /** e.g. `AugmentPhotoHandler.augmentPhoto`. */
  owner: string;
  message: MessageDefinition;
  handler: MessageHandler<unknown>;
  parallel: number;
}

/** Every method marked with `@Handles`. Throws when two would take from one queue, naming both. */
export function findHandlers(instances: Iterable<object>): FoundHandler[] {
  const found = [...new Set(instances)].flatMap(handlersOf);
  const owners = new Map<string, string>();
  for (const { message, owner } of found) {
    const other = owners.get(message.queue);
    if (other) {
      throw new Error(`${message.name} in ${message.queue} must have one handler, but ${other} and ${owner} both handle it`);
    }
    owners.set(message.queue, owner);
  }
  return found;
}

function handlersOf(instance: object): FoundHandler[] {
  const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
  return Object.entries(Object.getOwnPropertyDescriptors(prototype ?? {})).flatMap(([name, { value }]) => {
    const handling = handlingOf(value);
    return handling
      ? [{ ...handling, owner: `${instance.constructor.name}.${name}`, handler: (value as MessageHandler<unknown>).bind(instance) }]
      : [];
  });
}
