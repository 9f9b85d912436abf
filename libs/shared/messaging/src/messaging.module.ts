import { Global, Logger, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { findHandlers } from './find-handlers.js';
import { MessageBus } from './message-bus.js';

/** Time that running handlers get when the process is asked to stop. */
const shutdownGraceMs = 20_000;

export interface MessagingOptions {
  /** Opens the broker the app has chosen, e.g. `() => PgBossMessageBus.open({ … })`. */
  useFactory: () => MessageBus | Promise<MessageBus>;
}

/** Gives every module the MessageBus and subscribes every provider's `@Handles` methods at start-up. */
@Global()
@Module({})
export class MessagingModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('messages');

  constructor(
    private readonly bus: MessageBus,
    private readonly discovery: DiscoveryService,
  ) {}

  static forRoot({ useFactory }: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      imports: [DiscoveryModule],
      providers: [{ provide: MessageBus, useFactory }],
      exports: [MessageBus],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    const instances = this.discovery
      .getProviders()
      .map(({ instance }) => instance as unknown)
      .filter((instance): instance is object => typeof instance === 'object' && instance !== null);
    for (const { message, handler, parallel, owner } of findHandlers(instances)) {
      await this.bus.subscribe(message, handler, { parallel });
      this.logger.log({ msg: 'consuming', queue: message.queue, handler: owner, parallel });
    }
  }

  // Before the web server and the databases close: the handlers that run still need them.
  async beforeApplicationShutdown(): Promise<void> {
    await this.bus.close(shutdownGraceMs);
  }
}
