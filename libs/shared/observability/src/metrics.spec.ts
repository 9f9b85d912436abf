import { expect, it } from 'vitest';
import { collectProcessMetrics, counter, gauge, histogram, renderMetrics } from './metrics.js';

it('gives the same metric to everybody who asks for its name', async () => {
  counter('coins_total', 'Coins seen', ['side']).inc({ side: 'heads' });
  counter('coins_total', 'Coins seen', ['side']).inc({ side: 'heads' }, 2);
  gauge('coins_waiting', 'Coins that wait', [], function () {
    this.set(7);
  });
  histogram('coin_seconds', 'Time for a coin').observe(0.02);
  const { contentType, text } = await renderMetrics();
  expect(contentType).toContain('text/plain');
  expect(text).toContain('coins_total{side="heads"} 3');
  expect(text).toContain('coins_waiting 7');
  expect(text).toContain('coin_seconds_bucket{le="0.025"} 1');
});

it('can be asked twice to collect what the process itself shows', async () => {
  collectProcessMetrics();
  collectProcessMetrics();
  expect((await renderMetrics()).text).toContain('process_resident_memory_bytes');
});
