import { expect, it } from 'vitest';
import { planQueues } from './topology.js';

it('plans a queue, its suspects, its dead letters and a queue for each wait', () => {
  const plans = planQueues('Q', [5_000, 10_000, 10_000]);
  expect(plans.map(({ name }) => name).sort()).toEqual(['Q', 'Q.dead', 'Q.suspect', 'Q.wait.10000', 'Q.wait.5000']);
});

it.each(planQueues('Q', [5_000, 10_000]).map((plan) => [plan.name, plan.arguments] as const))('lets %s lose nothing', (name, settings) => {
  if (name === 'Q.dead') {
    // The last place: no way on, and no count of deliveries that would end it.
    expect(settings).not.toHaveProperty('x-dead-letter-exchange');
    expect(settings['x-delivery-limit']).toBeGreaterThan(100_000);
    return;
  }
  expect(settings).toMatchObject({
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': name.includes('.wait.') ? 'Q' : 'Q.dead',
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
});

it('waits in the delay queues alone', () => {
  const ttls = planQueues('Q', [5_000, 10_000]).map(({ name, arguments: settings }) => [name, settings['x-message-ttl']]);
  expect(Object.fromEntries(ttls)).toEqual({ Q: undefined, 'Q.dead': undefined, 'Q.suspect': undefined, 'Q.wait.5000': 5_000, 'Q.wait.10000': 10_000 });
});
