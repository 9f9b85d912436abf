import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchPace } from './body-pace.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const HALF_MINUTE_MS = 30_000;

it.each<[sender: string, bytesPerSecond: number, isComplete: boolean, isRefused: boolean]>([
  ['one byte a second', 1, false, true],
  ['nothing at all', 0, false, true],
  ['a bad mobile line', 5_000, false, false],
  ['a body that is all there', 0, true, false],
])('judges %s within half a minute', (_, bytesPerSecond, isComplete, isRefused) => {
  const socket = { bytesRead: 400 };
  const onSlow = vi.fn();
  watchPace({ socket: socket as Socket, complete: isComplete }, onSlow);
  for (let ms = 0; ms < HALF_MINUTE_MS; ms += 1_000) {
    socket.bytesRead += bytesPerSecond;
    vi.advanceTimersByTime(1_000);
  }
  expect(onSlow).toHaveBeenCalledTimes(isRefused ? 1 : 0);
});

it('stops watching when told to', () => {
  const onSlow = vi.fn();
  watchPace({ socket: { bytesRead: 0 } as Socket, complete: false }, onSlow)();
  vi.advanceTimersByTime(HALF_MINUTE_MS);
  expect(onSlow).not.toHaveBeenCalled();
});
