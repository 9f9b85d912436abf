import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServiceLog } from './service-log.js';
import { Service } from './service.js';

const READY = "process.send({ type: 'ready' });";
const NOTE_LIFE = "import { appendFileSync } from 'node:fs'; appendFileSync(new URL('lives', import.meta.url), 'x');";

let folder: string;
let service: Service | undefined;
const report = vi.fn();
const giveUp = vi.fn();

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'service-'));
  report.mockReset();
  giveUp.mockReset();
});
afterEach(async () => {
  await service?.stop(1_000);
  await rm(folder, { recursive: true });
});

const lives = async () => (await readFile(path.join(folder, 'lives'), 'utf8')).length;

async function serviceOf(code: string): Promise<Service> {
  const script = path.join(folder, 'main.mjs');
  await writeFile(script, `${NOTE_LIFE}\n${code}`);
  return (service = new Service({ name: 'part', script, environment: {}, nodeFlags: [], niceness: 0 }, new ServiceLog(folder, 'part', () => {}), report, giveUp));
}

it('starts a service again that ended after it had served', async () => {
  const part = await serviceOf(`${READY} setInterval(() => {}, 1_000);`);
  await part.start(10_000);
  process.kill(part.pid!, 'SIGKILL');
  await vi.waitFor(async () => expect(await lives()).toBe(2), { timeout: 10_000 });
  expect(report).toHaveBeenCalledWith(expect.stringContaining('SIGKILL'));
});

it('does not start one again that never served, but says so', async () => {
  const part = await serviceOf('process.exit(1);');
  await expect(part.start(10_000)).rejects.toThrow('part ended while starting (exit code 1)');
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than the first pause
  expect(await lives()).toBe(1);
  expect(report).not.toHaveBeenCalled();
});

it('starts one again that a server did not answer yet, and waits for it', async () => {
  const part = await serviceOf(`import { readFileSync } from 'node:fs'; if (readFileSync(new URL('lives', import.meta.url)).length < 3) process.exit(75); ${READY} setInterval(() => {}, 1_000);`);
  await part.start(20_000);
  expect(await lives()).toBe(3);
});

it('waits for a server only so long', async () => {
  const part = await serviceOf('process.exit(75);');
  await expect(part.start(1_500)).rejects.toThrow('part was not ready within 1.5 s');
});

it('gives up on one that can\'t use its configuration', async () => {
  const part = await serviceOf('process.exit(78);');
  await expect(part.start(10_000)).rejects.toThrow('exit code 78');
  expect(giveUp).toHaveBeenCalledWith(expect.stringContaining('configuration'), 78);
});
