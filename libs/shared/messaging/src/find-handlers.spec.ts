import { defineCommand } from '@repo/contracts';
import { done, type Outcome } from '@repo/kernel';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { findHandlers } from './find-handlers.js';
import { Handles } from './handles.decorator.js';

const wash = defineCommand('coin.wash.v1', 'Washes', 'A coin is dirty.', z.object({ coin: z.string() }));
const weigh = defineCommand('coin.weigh.v1', 'Weighings', 'A coin has no weight.', z.object({ coin: z.string() }));

class WashHandler {
  readonly washed: string[] = [];

  @Handles(wash, { parallel: 3 })
  async wash({ coin }: { coin: string }): Promise<Outcome> {
    this.washed.push(coin);
    return done();
  }

  async unmarked(): Promise<Outcome> {
    return done();
  }
}

class WeighHandler {
  @Handles(weigh)
  async weigh(): Promise<Outcome> {
    return done();
  }
}

class SecondWashHandler {
  @Handles(wash)
  async rinse(): Promise<Outcome> {
    return done();
  }
}

it('finds every marked method and binds it to its instance', async () => {
  const washHandler = new WashHandler();
  const found = findHandlers([washHandler, new WeighHandler(), new Date(), Object.create(null) as object]);
  expect(found.map(({ owner, parallel, message }) => [owner, parallel, message.name])).toEqual([
    ['WashHandler.wash', 3, 'coin.wash.v1'],
    ['WeighHandler.weigh', 1, 'coin.weigh.v1'],
  ]);
  await found[0]!.handler({ coin: 'real' }, { messageId: '', name: wash.name, sentAt: '', attempt: 1, body: {} });
  expect(washHandler.washed).toEqual(['real']);
});

it('takes one instance under two tokens for one handler', () => {
  const handler = new WeighHandler();
  expect(findHandlers([handler, handler])).toHaveLength(1);
});

it('refuses two handlers of one command, naming both', () => {
  expect(() => findHandlers([new WashHandler(), new SecondWashHandler()])).toThrow(/WashHandler\.wash and SecondWashHandler\.rinse/);
});
