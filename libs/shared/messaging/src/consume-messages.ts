import type { INestApplication } from '@nestjs/common';
import { MessageBus } from './message-bus.js';
import { MessageBusStrategy } from './message-bus.strategy.js';

/**
 * Starts the app, and after it every `@Handles` method of its controllers. Before `app.listen`, so that a service
 * says it is ready when it works. Throws when two handlers would take from one queue, naming both.
 */
export async function consumeMessages(app: INestApplication): Promise<void> {
  const consumer = app.connectMicroservice({ strategy: new MessageBusStrategy(app.get(MessageBus)) });
  // First what the handlers use: every `onModuleInit` and `onApplicationBootstrap`.
  await app.init();
  await consumer.listen();
}
