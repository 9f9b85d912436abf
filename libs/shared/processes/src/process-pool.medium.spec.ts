import { fork } from 'node:child_process';
import { once } from 'node:events';
import { builtFile, TemporaryError } from '@repo/kernel';
import { afterEach, expect, it } from 'vitest';
import { ProcessPool, type ProcessPoolOptions } from './process-pool.js';
import type { Order } from './testing/obey.fixture.js';

const pools: ProcessPool<Order, { bytes: Buffer; pid: number }>[] = [];
afterEach(() => pools.splice(0).forEach((pool) => pool.close({ finishWork: false })));

function open(options: Partial<ProcessPoolOptions> = {}) {
  const workerFile = builtFile(import.meta.url, './testing/obey.fixture.js');
  const pool: (typeof pools)[number] = new ProcessPool({ purpose: 'obey', workerFile, processes: 1, deadlineMs: 10_000, idleMs: 60_000, ...options });
  pools.push(pool);
  return pool;
}

const nothing = Buffer.alloc(0);
const pidOf = async (pool: ReturnType<typeof open>) => (await pool.work(nothing, 'echo')).answer.pid;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each([0, 1, 5_000_000])('hands over %i bytes as they are', async (length) => {
  const bytes = Buffer.alloc(length, 'abcdefg');
  const { answer } = await open().work(bytes, 'echo');
  expect(bytes.equals(answer.bytes)).toBe(true);
  expect(answer.pid).not.toBe(process.pid);
});

it.each<[name: string, order: Order, options: Partial<ProcessPoolOptions>, why: string, how: string]>([
  ['that crashes', 'crash', {}, 'crashed', 'SIGSEGV'],
  ['that takes too long', 'hang', { deadlineMs: 2_000 }, 'too slow', 'SIGKILL'],
])('says why its process ended over an order %s, and starts another', async (_, order, options, why, how) => {
  const pool = open(options);
  await expect(pool.work(nothing, order)).rejects.toMatchObject({ why, how });
  await expect(pool.work(nothing, 'echo')).resolves.toBeDefined();
});

it('blames no order for a process that can not start', async () => {
  const pool = open({ workerFile: builtFile(import.meta.url, './absent.js') });
  await expect(pool.work(nothing, 'echo')).rejects.toMatchObject({ why: 'not started', how: 'exit code 1' });
  await expect(pool.warmUp()).rejects.toMatchObject({ why: 'not started' });
});

it('keeps its process when the worker\'s own code fails', async () => {
  const pool = open();
  const pid = await pidOf(pool);
  await expect(pool.work(nothing, 'fail')).rejects.toThrow('no idea');
  expect(await pidOf(pool)).toBe(pid);
});

it('takes urgent orders first, each kind in its order', async () => {
  const pool = open();
  const done: string[] = [];
  const ask = (name: string, isUrgent: boolean) => pool.work(nothing, 'echo', { isUrgent }).then(() => done.push(name));
  await Promise.all([ask('first', false), ask('second', false), ask('third', false), ask('urgent', true), ask('urgent too', true)]);
  expect(done).toEqual(['first', 'urgent', 'urgent too', 'second', 'third']);
});

it('refuses more than may wait', async () => {
  const pool = open({ maxWaiting: 1 });
  const [working, waiting] = [pool.work(nothing, 'echo'), pool.work(nothing, 'echo')];
  await expect(pool.work(nothing, 'echo')).rejects.toThrow(TemporaryError);
  const [{ waitMs }] = [await waiting, await working];
  expect(waitMs).toBeGreaterThan(1);
});

it('keeps warm what it shall, and lets the others go', async () => {
  const pool = open({ processes: 2, idleMs: 100, keepWarm: 1 });
  await pool.warmUp();
  const pids = await Promise.all([pidOf(pool), pidOf(pool)]);
  await expect.poll(() => pids.filter(isAlive).length, { timeout: 5_000 }).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(pids.filter(isAlive)).toEqual([await pidOf(pool)]);
});

it('finishes what is in work when it closes, if it may', async () => {
  const pool = open();
  const [working, waiting] = [pool.work(nothing, 'echo'), pool.work(nothing, 'echo')];
  pool.close({ finishWork: true });
  await expect(waiting).rejects.toThrow(TemporaryError);
  const { pid } = (await working).answer;
  await expect(pool.work(nothing, 'echo')).rejects.toThrow(TemporaryError);
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

it('leaves no process behind when its parent is killed', async () => {
  const parent = fork(builtFile(import.meta.url, './testing/own-pool.fixture.js'), { execArgv: [] });
  const [pid] = (await once(parent, 'message')) as [number];
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});
