import { Global, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { MessageBus } from './message-bus.js';

/** Time that running handlers get when the process is asked to stop. */
const shutdownGraceMs = 20_000;

export interface MessagingOptions {
  /** Opens the broker the app has chosen, e.g. `() => connectMessageBus({ url })`. */
  useFactory: () => MessageBus | Promise<MessageBus>;
}

/** Gives every module the MessageBus. An app with handlers also calls `consumeMessages`. */
@Global()
@Module({})
export class MessagingModule implements BeforeApplicationShutdown {
  constructor(private readonly bus: MessageBus) {}

  static forRoot({ useFactory }: MessagingOptions): DynamicModule {
    return { module: MessagingModule, providers: [{ provide: MessageBus, useFactory }], exports: [MessageBus] };
  }

  // Before the web server and the databases close: the handlers that run still need them.
  async beforeApplicationShutdown(): Promise<void> {
    await this.bus.close(shutdownGraceMs);
  }
}
