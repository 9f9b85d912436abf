import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { UserRepository } from '@repo/identity-domain';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BackendUnderTest } from './backend-under-test.js';

/** What a server that collects errors was sent. */
const received: string[] = [];
let sentry: Server;
let backend: BackendUnderTest;

beforeAll(async () => {
  sentry = createServer(async (request, response) => {
    received.push(await text(request));
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(sentry, 'listening');
  backend = await BackendUnderTest.start({ SENTRY_DSN: `http://key@127.0.0.1:${(sentry.address() as AddressInfo).port}/1` });
});
afterAll(async () => {
  await backend?.stop();
  sentry.closeAllConnections();
  sentry.close();
});

const signIn = () => backend.call('post', '/api/auth/login').send({ email: 'ana@example.org', password: 'a password' });

it('reports an error of ours once, without what the caller sent', async () => {
  const users = backend.app.get(UserRepository);
  vi.spyOn(users, 'findByExternalId').mockRejectedValueOnce(new TypeError('x is not a function'));
  await signIn().expect(500);
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0));
  await signIn().expect(401); // the caller's own fault
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(received).toHaveLength(1);
  expect(received[0]).toContain('x is not a function');
  expect(received[0]).toContain('POST /api/auth/login');
  expect(received[0]).not.toMatch(/a password|ana@example/);
});
