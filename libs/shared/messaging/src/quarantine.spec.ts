import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Quarantine } from './quarantine.js';

it('lets a suspect begin only when everything else has ended', async () => {
  const onLeave = vi.fn();
  const quarantine = new Quarantine(onLeave);
  const events: string[] = [];
  const other = quarantine.during(sleep(30).then(() => events.push('other ended')));
  const alone = quarantine.alone(async () => {
    events.push('suspect began');
    expect(quarantine.isClosed).toBe(true);
  });
  expect(quarantine.isClosed).toBe(true);
  await Promise.all([other, alone]);
  expect(events).toEqual(['other ended', 'suspect began']);
  expect(quarantine.isClosed).toBe(false);
  expect(onLeave).toHaveBeenCalledOnce();
});

it('waits also for what began just before', async () => {
  const quarantine = new Quarantine(() => undefined);
  const events: string[] = [];
  const first = sleep(10).then(() => void quarantine.during(sleep(20).then(() => events.push('second ended'))));
  void quarantine.during(first);
  await quarantine.alone(async () => void events.push('suspect'));
  expect(events).toEqual(['second ended', 'suspect']);
});

it('takes one suspect at a time', async () => {
  const quarantine = new Quarantine(() => undefined);
  const first = quarantine.alone(() => sleep(10));
  expect(await quarantine.alone(async () => expect.fail('two at once'))).toBe(false);
  expect(await first).toBe(true);
});

it('opens again after a suspect that failed, and after work that failed', async () => {
  const quarantine = new Quarantine(() => undefined);
  await expect(quarantine.during(Promise.reject(new Error('no connection')))).rejects.toThrow('no connection');
  await expect(quarantine.alone(() => Promise.reject(new Error('no connection')))).rejects.toThrow('no connection');
  expect(await quarantine.alone(async () => undefined)).toBe(true);
});
