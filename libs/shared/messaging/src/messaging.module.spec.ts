import { Injectable, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineCommand } from '@repo/contracts';
import { done, type Outcome } from '@repo/kernel';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Handles } from './handles.decorator.js';
import { MessageBus } from './message-bus.js';
import { MessagingModule } from './messaging.module.js';
import { InMemoryMessageBus } from './testing/in-memory-message-bus.js';

Logger.overrideLogger(false);

const wash = defineCommand('coin.wash.v1', 'Washes', 'A coin is dirty.', z.object({ coin: z.string() }));

@Injectable()
class Sink {
  readonly coins: string[] = [];
}

@Injectable()
class WashHandler {
  constructor(private readonly sink: Sink) {}

  @Handles(wash)
  async wash({ coin }: { coin: string }): Promise<Outcome> {
    this.sink.coins.push(coin);
    return done();
  }
}

@Injectable()
class OtherWashHandler {
  @Handles(wash)
  async rinse(): Promise<Outcome> {
    return done();
  }
}

@Module({ providers: [WashHandler, Sink], exports: [Sink] })
class CoinModule {}

@Module({ providers: [OtherWashHandler] })
class SecondCoinModule {}

const messaging = () => MessagingModule.forRoot({ useFactory: () => new InMemoryMessageBus() });

it('subscribes the handlers of every module and closes the bus with the app', async () => {
  const app = await Test.createTestingModule({ imports: [messaging(), CoinModule] }).compile();
  await app.init();
  const bus = app.get(MessageBus);
  const close = vi.spyOn(bus, 'close');
  await bus.publish(wash, { coin: 'real' });
  await vi.waitFor(() => expect(app.get(Sink, { strict: false }).coins).toEqual(['real']));
  await app.close();
  expect(close).toHaveBeenCalledOnce();
});

it('does not start with two handlers of one command', async () => {
  const app = await Test.createTestingModule({ imports: [messaging(), CoinModule, SecondCoinModule] }).compile();
  await expect(app.init()).rejects.toThrow(/WashHandler\.wash and OtherWashHandler\.rinse/);
});
