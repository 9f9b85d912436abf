import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireFreePorts } from './free-ports.js';

const host = '127.0.0.1';
const server = createServer();
let used: number;
let free: number;

beforeEach(async () => {
  server.listen(0, host);
  await once(server, 'listening');
  used = (server.address() as AddressInfo).port;
  const other = createServer().listen(0, host);
  await once(other, 'listening');
  free = (other.address() as AddressInfo).port;
  other.close();
  await once(other, 'close');
});
afterEach(() => server.close());

const backend = () => ({ name: 'backend', portVariable: 'PORT', host, port: free });

it('lets a free port be', () => expect(requireFreePorts([backend()])).resolves.toBeUndefined());

it('names the variable of a port that is in use', () =>
  expect(requireFreePorts([backend(), { name: 'training', portVariable: 'TRAINING_PORT', host, port: used }], 0)).rejects.toThrow(`Port ${used} is in use: stop what uses it, or set TRAINING_PORT`));

it('waits a little for a port that somebody is about to let go', async () => {
  setTimeout(() => server.close(), 300);
  await requireFreePorts([{ name: 'training', portVariable: 'TRAINING_PORT', host, port: used }]);
});

it('names both variables of a port that is wanted twice', () =>
  expect(requireFreePorts([backend(), { name: 'classifier', portVariable: 'CLASSIFIER_PORT', host, port: free }])).rejects.toThrow(
    `backend and classifier would both listen on port ${free}: change PORT or CLASSIFIER_PORT`,
  ));
