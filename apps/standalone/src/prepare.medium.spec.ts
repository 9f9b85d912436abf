import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { builtFile } from '@repo/kernel';
import { expect, it } from 'vitest';

it.each(['127.0.0.1', 'localhost'])('a database that does not answer at %s is named with what to do, without its password', async (host) => {
  const url = `postgres://ana:not-to-be-told@${host}:1/x`;
  const child = fork(builtFile(import.meta.url, './prepare.js'), [], {
    ...{ execArgv: [], silent: true },
    env: { ...process.env, COLLECTION_DATABASE_URL: url, LEARNING_DATABASE_URL: url },
  });
  const [told, [exitCode]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  expect(told).toMatch(new RegExp(`^✗ The database of LEARNING_DATABASE_URL does not answer at ${host}:1 \\(.*ECONNREFUSED.*\\): start it, or change LEARNING_DATABASE_URL in \\.env or the environment\\n$`));
  expect(told).not.toContain('not-to-be-told');
  expect(exitCode).toBe(75);
});
