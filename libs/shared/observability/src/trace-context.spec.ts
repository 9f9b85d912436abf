import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { currentTrace, currentTraceparent, inTrace, parseTraceparent } from './trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it('reads the ids', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId });
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['zeros for a trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['zeros for a span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['the version that is forbidden', `ff-${traceId}-${spanId}-01`],
    ['too short a trace', `00-${traceId.slice(1)}-${spanId}-01`],
    ['more behind it', `00-${traceId}-${spanId}-01\r\nX: y`],
  ])('takes no notice of %s', (_, header) => expect(parseTraceparent(header)).toBeUndefined());
});

describe('inTrace', () => {
  it('goes on with the trace it is given, as a span of its own', () => {
    inTrace(`00-${traceId}-${spanId}-01`, () => {
      expect(currentTrace()?.traceId).toBe(traceId);
      expect(currentTrace()?.spanId).not.toBe(spanId);
      expect(parseTraceparent(currentTraceparent())).toEqual(currentTrace());
    });
  });

  it('begins a trace where there is none, another each time', () => {
    const ids = [1, 2].map(() => inTrace(undefined, () => currentTrace()!.traceId));
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('keeps works apart that run at the same time, and ends with its work', async () => {
    const seen = await Promise.all(
      ['1', '2'].map((digit) =>
        inTrace(`00-${digit.repeat(32)}-${spanId}-01`, async () => {
          await sleep(5);
          return currentTrace()?.traceId;
        }),
      ),
    );
    expect(seen).toEqual(['1'.repeat(32), '2'.repeat(32)]);
    expect(currentTrace()).toBeUndefined();
    expect(currentTraceparent()).toBeUndefined();
  });
});
