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

it('lets a free port be', () => expect(requireFreePorts([{ variable: 'PORT', host, port: free }])).resolves.toBeUndefined());

it('names the variable of a port that is in use', () =>
  expect(requireFreePorts([{ variable: 'PORT', host, port: free }, { variable: 'TRAINING_PORT', host, port: used }])).rejects.toThrow(`Port ${used} is in use: stop what uses it, or set TRAINING_PORT`));

it('names both variables of a port that is wanted twice', () =>
  expect(requireFreePorts([{ variable: 'PORT', host, port: free }, { variable: 'CLASSIFIER_PORT', host, port: free }])).rejects.toThrow(`PORT and CLASSIFIER_PORT are both ${free}`));
