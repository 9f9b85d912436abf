import {
  Controller,
  Injectable,
  Logger,
  Module,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { defineCommand, type Envelope } from '@repo/contracts';
import { AccessDeniedError, done, newId, TemporaryError, type Outcome } from '@repo/kernel';
import { map, type Observable } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { consumeMessages } from './consume-messages.js';
import { Handles } from './handles.decorator.js';
import { MessageBus } from './message-bus.js';
import { MessagingModule } from './messaging.module.js';
import { InMemoryMessageBus } from './testing/in-memory-message-bus.js';

Logger.overrideLogger(false);

const coin = z.object({ coin: z.string() });
const wash = defineCommand('coin.wash.v1', 'Washes', 'A coin is dirty.', coin);
const weigh = defineCommand('coin.weigh.v1', 'Weighings', 'A coin has no weight.', coin);
type Coin = z.infer<typeof coin>;

@Injectable()
class Sink {
  readonly events: string[] = [];
}

@Controller()
class WashHandler {
  constructor(private readonly sink: Sink) {}

  @Handles(wash, { parallel: 3 })
  async wash({ coin }: Coin, { messageId, attempt }: Envelope<Coin>): Promise<Outcome> {
    this.sink.events.push(`${coin} ${messageId} ${attempt}`);
    return done();
  }

  async unmarked(): Promise<Outcome> {
    return done();
  }
}

@Controller()
class OtherWashHandler {
  @Handles(wash)
  async rinse(): Promise<Outcome> {
    return done();
  }
}

@Controller()
class ForeignHandler {
  @EventPattern('Washes')
  async rinse(_data: unknown): Promise<void> {}
}

const apps: INestApplication[] = [];

async function createApp(controllers: Type[], providers: Type[] = []) {
  @Module({ controllers, providers: [Sink, ...providers] })
  class CoinModule {}
  const module = await Test.createTestingModule({ imports: [MessagingModule.forRoot({ useFactory: () => new InMemoryMessageBus({ retries: { waitsMs: [1], jitter: 0 } }) }), CoinModule] }).compile();
  const app = module.createNestApplication();
  apps.push(app);
  return { app, bus: app.get<InMemoryMessageBus>(MessageBus), events: app.get(Sink, { strict: false }).events };
}

async function start(controllers: Type[], providers: Type[] = []) {
  const created = await createApp(controllers, providers);
  await consumeMessages(created.app);
  return created;
}

afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

it('hands a marked method the body and the envelope, as many at once as it says', async () => {
  const { app, bus, events } = await createApp([WashHandler]);
  const subscribe = vi.spyOn(bus, 'subscribe');
  await consumeMessages(app);
  expect(subscribe.mock.calls.map(([message, , options]) => [message, options])).toEqual([[wash, { parallel: 3 }]]);
  const messageId = newId();
  await bus.publish(wash, { coin: 'real' }, { messageId });
  await bus.settled();
  expect(events).toEqual([`real ${messageId} 1`]);
});

it('leaves a handler easy to make by hand', async () => {
  const sink = new Sink();
  await new WashHandler(sink).wash({ coin: 'real' }, { messageId: 'm', name: wash.name, sentAt: '', attempt: 2, body: { coin: 'real' } });
  expect(sink.events).toEqual(['real m 2']);
});

it('begins when everything that handlers need has started', async () => {
  @Injectable()
  class Scales implements OnApplicationBootstrap {
    isReady = false;
    async onApplicationBootstrap(): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 30));
      this.isReady = true;
    }
  }
  @Controller()
  class WeighHandler {
    constructor(
      private readonly scales: Scales,
      private readonly sink: Sink,
    ) {}
    @Handles(weigh)
    async weigh(): Promise<Outcome> {
      this.sink.events.push(`scales ready: ${this.scales.isReady}`);
      return done();
    }
  }
  const { app, bus, events } = await createApp([WeighHandler], [Scales]);
  await bus.publish(weigh, { coin: 'real' });
  await consumeMessages(app);
  await bus.settled();
  expect(events).toEqual(['scales ready: true']);
});

it('does not start with two handlers for one queue, and names both', async () => {
  const { app } = await createApp([WashHandler, OtherWashHandler]);
  await expect(consumeMessages(app)).rejects.toThrow('coin.wash.v1 in Washes must have one handler, but WashHandler.wash and OtherWashHandler.rinse both handle it');
});

it('does not start with a handler that only Nest knows', async () => {
  const { app } = await createApp([ForeignHandler]);
  await expect(consumeMessages(app)).rejects.toThrow('"Washes"');
});

it('does not start when the broker lets nobody consume', async () => {
  const { app, bus } = await createApp([WashHandler]);
  vi.spyOn(bus, 'subscribe').mockRejectedValue(new TemporaryError('the broker is away'));
  await expect(consumeMessages(app)).rejects.toThrow('the broker is away');
});

it('lets the handler finish, then closes the bus, and only then what the handler needs', async () => {
  const order: string[] = [];
  @Injectable()
  class Database implements OnApplicationShutdown {
    onApplicationShutdown(): void {
      order.push('database closed');
    }
  }
  @Controller()
  class SlowHandler {
    @Handles(wash)
    async wash(): Promise<Outcome> {
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push('handled');
      return done();
    }
  }
  const { app, bus } = await start([SlowHandler], [Database]);
  const server = app.getHttpAdapter();
  vi.spyOn(server, 'close').mockImplementation(() => void order.push('web server closed'));
  const close = vi.spyOn(bus, 'close');
  await bus.publish(wash, { coin: 'real' });
  await app.close();
  expect(order).toEqual(['handled', 'web server closed', 'database closed']);
  expect(close).toHaveBeenCalledOnce();
});

describe('what a handler throws', () => {
  it.each([
    ['TemporaryError', new TemporaryError('the store is away'), 'attempts used up', 'TemporaryError: the store is away'],
    ['AccessDeniedError', new AccessDeniedError('403'), 'access denied', 'AccessDeniedError: 403'],
    ['TypeError', new TypeError('x is not a function'), 'refused', 'TypeError: x is not a function'],
    ['a text', 'no', 'refused', 'no'],
    ['undefined', undefined, 'refused', 'undefined'],
  ])('reaches the bus as it is: %s', async (_, thrown: unknown, cause, reason) => {
    @Controller()
    class FailingHandler {
      @Handles(wash)
      async wash(): Promise<Outcome> {
        throw thrown;
      }
    }
    const { bus } = await start([FailingHandler]);
    await bus.publish(wash, { coin: 'real' });
    await bus.settled();
    expect(bus.deadLettersOf(wash.queue)).toMatchObject([{ cause, reason }]);
  });
});

describe("Nest's own means", () => {
  @Injectable()
  class OnlyReal implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return context.switchToRpc().getData<Coin>().coin === 'real' && context.switchToRpc().getContext<Envelope>().attempt === 1;
    }
  }

  @Injectable()
  class Noting implements NestInterceptor {
    constructor(private readonly sink: Sink) {}
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      const { name } = context.switchToRpc().getContext<Envelope>();
      this.sink.events.push(`before ${context.getClass().name}.${context.getHandler().name} ${name}`);
      return next.handle().pipe(map((outcome: unknown) => (this.sink.events.push('after'), outcome)));
    }
  }

  it('guards a handler, and what it turns away is dead', async () => {
    @Controller()
    @UseGuards(OnlyReal)
    class GuardedHandler extends WashHandler {
      @Handles(wash)
      override wash(body: Coin, envelope: Envelope<Coin>): Promise<Outcome> {
        return super.wash(body, envelope);
      }
    }
    const { bus, events } = await start([GuardedHandler]);
    await bus.publish(wash, { coin: 'real' });
    await bus.publish(wash, { coin: 'false' });
    await bus.settled();
    expect(events).toHaveLength(1);
    expect(bus.deadLettersOf(wash.queue)).toMatchObject([{ cause: 'refused', envelope: { body: { coin: 'false' } } }]);
  });

  it('intercepts a handler, errors included', async () => {
    @Controller()
    @UseInterceptors(Noting)
    class InterceptedHandler {
      @Handles(wash)
      async wash({ coin }: Coin): Promise<Outcome> {
        if (coin === 'false') {
          throw new AccessDeniedError('false');
        }
        return done();
      }
    }
    const { bus, events } = await start([InterceptedHandler]);
    await bus.publish(wash, { coin: 'real' });
    await bus.settled();
    expect(events).toEqual(['before InterceptedHandler.wash coin.wash.v1', 'after']);
    await bus.publish(wash, { coin: 'false' });
    await bus.settled();
    expect(bus.deadLettersOf(wash.queue)).toMatchObject([{ cause: 'access denied' }]);
  });

  it('makes a handler anew for each message where it is asked to', async () => {
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class FreshHandler {
      readonly number = ++made;
      constructor(private readonly sink: Sink) {}
      @Handles(wash)
      async wash({ coin }: Coin): Promise<Outcome> {
        this.sink.events.push(`${coin} ${this.number}`);
        throw new AccessDeniedError('still as it is');
      }
    }
    const { bus, events } = await start([FreshHandler]);
    await bus.publish(wash, { coin: 'a' });
    await bus.publish(wash, { coin: 'b' });
    await bus.settled();
    expect(events).toEqual(['a 1', 'b 2']);
    expect(bus.deadLettersOf(wash.queue)).toMatchObject([{ cause: 'access denied' }, { cause: 'access denied' }]);
  });
});
