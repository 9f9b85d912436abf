import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { builtFile } from '@repo/kernel';
import { expect, it } from 'vitest';

function start(environment: Record<string, string>) {
  const child = fork(builtFile(import.meta.url, './service.fixture.js'), { env: environment, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const end = Promise.all([once(child, 'exit'), text(child.stdout!), text(child.stderr!)]).then(([[code], log, errors]) => ({ code, log, errors }));
  return { child, end };
}

const good = { LOG_LEVEL: 'info' };

it('ends with 78 and every bad variable when the configuration can\'t be used', async () => {
  const { code, log, errors } = await start({ LOG_LEVEL: 'loud', START_MS: 'soon' }).end;
  expect(code).toBe(78);
  expect(log).toBe('');
  expect(errors).toMatch(/LOG_LEVEL.*\n.*START_MS/);
});

it('ends with 1 and a fatal line when it could not start', async () => {
  const { code, log } = await start({ ...good, FAILURE: 'no database' }).end;
  expect(code).toBe(1);
  expect(JSON.parse(log)).toMatchObject({ level: 60, service: 'fixture', msg: 'fixture could not start', err: { message: 'no database' } });
});

it('ends with 75 when it could not start yet', async () => {
  const { code, log } = await start({ ...good, OUTAGE: 'no answer' }).end;
  expect(code).toBe(75);
  expect(JSON.parse(log)).toMatchObject({ level: 40, msg: "fixture can't start yet", err: { message: 'no answer' } });
});

it('ends by SIGKILL at the crash point that it is told, and says so before', async () => {
  const { child, end } = start({ ...good, CRASH_AT: 'upload.before-put' });
  const { log } = await end;
  expect(child.signalCode).toBe('SIGKILL');
  expect(JSON.parse(log)).toMatchObject({ level: 40, msg: 'this process will kill itself', at: 'upload.before-put' });
});

it.each(['upload.somewhere', 'upload.before-put:0', 'upload.before-put:two', ':1'])('ends with 78 when "%s" is no crash point, and names those there are', async (place) => {
  const { code, log, errors } = await start({ ...good, CRASH_AT: place }).end;
  expect(code).toBe(78);
  expect(log).toBe('');
  expect(errors).toMatch(/CRASH_AT.*upload\.before-put/);
});

it.each<[name: string, ask: (child: ReturnType<typeof start>['child']) => void]>([
  ['SIGTERM', (child) => child.kill('SIGTERM')],
  ['SIGINT', (child) => child.kill('SIGINT')],
  ['the end of its parent', (child) => child.disconnect()],
  ['all of them', (child) => (child.kill('SIGTERM'), child.kill('SIGINT'), child.disconnect())],
])('closes once, and well, on %s', async (_, ask) => {
  const { child, end } = start(good);
  expect((await once(child, 'message'))[0]).toEqual({ type: 'ready' });
  ask(child);
  const { code, log } = await end;
  expect(code).toBe(0);
  expect(log.match(/closing/g)).toHaveLength(1);
});

it('closes when its parent went while it started', async () => {
  const { child, end } = start({ ...good, START_MS: '500' });
  await once(child, 'spawn');
  child.disconnect();
  expect(await end).toMatchObject({ code: 0, errors: '' });
});
