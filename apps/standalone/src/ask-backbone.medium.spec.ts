import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { askBackbone, describeNetwork } from './ask-backbone.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function classifierThatAnswers(status: number, text: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const detail = {
  backbone: { id: 'net', quality: 'compact', origin: 'shipped', inputSize: 160 },
  advice: { code: 'GET_FULL_BACKBONE', message: 'There is a better one: npm run backbone -- pull' },
} as const;
const health = (network: object) => JSON.stringify({ status: 'ok', parts: [{ name: 'objects', state: 'ok' }, { name: 'network', state: 'ok', ...network }] });

it.each([200, 503])('reads what the classifier says of its network, also when it answers %d', async (status) => {
  expect(await askBackbone(await classifierThatAnswers(status, health({ detail })))).toEqual(detail);
});

it.each([
  ['other words', health({ detail: { backbone: 'net' } })],
  ['no detail', health({})],
  ['no health', '{}'],
  ['no JSON', '<html>'],
])('does without an answer when it says %s', async (_, text) => {
  expect(await askBackbone(await classifierThatAnswers(200, text))).toBeUndefined();
});

it('does without an answer when nobody is there', async () => {
  expect(await askBackbone('http://127.0.0.1:9')).toBeUndefined();
});

it.each([
  [detail, 'compact (net). There is a better one: npm run backbone -- pull'],
  [{ backbone: { ...detail.backbone, quality: 'full' as const } }, 'full (net).'],
  [{ ...detail, trainedOn: 'older' }, 'compact (net); the version in charge was trained on older. There is a better one: npm run backbone -- pull'],
])('tells it in one line', (network, line) => {
  expect(describeNetwork(network)).toBe(line);
});
