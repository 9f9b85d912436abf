import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { download, DownloadError, type DownloadOptions } from './download.js';

const file = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
const half = 150_000;

let requests: IncomingMessage[];
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
let server: Server;
let address: URL;
beforeEach(async () => {
  [requests, answers] = [[], []];
  server = createServer((request, response) => {
    requests.push(request);
    (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.h5`);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const fetchIt = (options: Partial<DownloadOptions> = {}) =>
  download(address, { environment: {}, signal: new AbortController().signal, mostBytes: 1e6, silenceMs: 5_000, pausesMs: [1, 1], onProgress: () => {}, onRetry: () => {}, ...options });

const whole = (headers = {}) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200, { 'content-length': file.length, ...headers }).end(file);
/** Cuts the connection in the middle. */
const broken = (headers = {}) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-length': file.length, ...headers });
  response.write(file.subarray(0, half), () => setTimeout(() => response.destroy(), 20));
};
const rest = (from: number, headers = {}) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(206, { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}`, 'content-length': file.length - from, ...headers }).end(file.subarray(from));
const status = (code: number) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(code).end('no');

it('fetches a file and tells how far it is', async () => {
  answers = [whole()];
  const seen: [number, number | undefined][] = [];
  expect((await fetchIt({ onProgress: (...progress) => seen.push(progress) })).equals(file)).toBe(true);
  expect(seen.at(-1)).toEqual([file.length, file.length]);
  expect(seen.map(([received]) => received)).toEqual([...seen.map(([received]) => received)].sort((a, b) => a - b));
});

it('goes on where the connection broke', async () => {
  answers = [broken({ etag: '"a"' }), rest(half, { etag: '"a"' })];
  expect((await fetchIt()).equals(file)).toBe(true);
  expect(requests[1]!.headers).toMatchObject({ range: `bytes=${half}-`, 'if-range': '"a"' });
});

it.each([
  ['the server can\'t go on', [broken({ etag: '"a"' }), whole()], [`bytes=${half}-`]],
  ['the server does not name what it sends', [broken(), whole()], [undefined]],
  ['the server promises no same bytes', [broken({ etag: 'W/"a"' }), whole()], [undefined]],
  ['another part comes', [broken({ etag: '"a"' }), rest(half + 7, { etag: '"a"' }), whole()], [`bytes=${half}-`, undefined]],
])('begins anew where %s', async (_, story, ranges) => {
  answers = story;
  expect((await fetchIt()).equals(file)).toBe(true);
  expect(requests.slice(1).map(({ headers }) => headers.range)).toEqual(ranges);
});

it.each([
  ['breaks', broken(), 3, 'broken', /./],
  ['hangs up', (request: IncomingMessage) => void request.socket.destroy(), 3, 'broken', /./],
  ['is overrun', status(503), 3, 'answered', /503 Service Unavailable/],
  ['has no such file', status(404), 1, 'answered', /404 Not Found/],
  ['says no', status(403), 1, 'answered', /403 Forbidden/],
])('gives up when the server always %s', async (_, answer, tries, why, reason) => {
  answers = [answer];
  const waits: number[] = [];
  const error = await fetchIt({ onRetry: (seconds) => waits.push(seconds) }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DownloadError);
  expect(error).toMatchObject({ why, message: expect.stringMatching(reason) as string });
  expect([requests.length, waits.length]).toEqual([tries, tries - 1]);
});

it('waits longer before each try', async () => {
  answers = [status(503)];
  const waits: number[] = [];
  await fetchIt({ pausesMs: [10, 40], onRetry: (seconds) => waits.push(seconds) }).catch(() => {});
  expect(waits).toEqual([0.01, 0.04]);
});

it('gives up when nothing comes any more', { timeout: 20_000 }, async () => {
  answers = [(_, response) => void response.writeHead(200, { 'content-length': file.length }).write(file.subarray(0, half))];
  await expect(fetchIt({ silenceMs: 300, pausesMs: [] })).rejects.toMatchObject({ why: 'broken', message: '0.3 s without a byte' });
});

it('gives up when no answer begins', { timeout: 20_000 }, async () => {
  answers = [() => {}];
  await expect(fetchIt({ silenceMs: 300, pausesMs: [] })).rejects.toMatchObject({ why: 'broken', message: '0.3 s without a byte' });
});

it.each([
  ['it says so', whole()],
  ['it comes without an end', (_: IncomingMessage, response: ServerResponse) => {
    const more = () => response.write(file, () => setImmediate(more));
    more();
  }],
])('takes no file that is too large when %s', async (_, answer) => {
  answers = [answer];
  await expect(fetchIt({ mostBytes: file.length - 1 })).rejects.toMatchObject({ why: 'large' });
  expect(requests).toHaveLength(1);
});

it('stops at once when the person stops it', async () => {
  answers = [() => {}];
  const interruption = new AbortController();
  setTimeout(() => interruption.abort(new Error('Ctrl-C')), 50);
  await expect(fetchIt({ signal: interruption.signal })).rejects.toThrow('Ctrl-C');
});

it('says that nobody listens', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  address.port = String((closed.address() as AddressInfo).port);
  await once(closed.close(), 'close');
  await expect(fetchIt()).rejects.toMatchObject({ why: 'broken', message: expect.stringContaining('ECONNREFUSED') as string });
});

it.each([
  ['through the proxy that the environment names', {}, 1],
  ['past the proxy where NO_PROXY says so', { NO_PROXY: '127.0.0.1' }, 0],
])('goes %s', async (_, environment, expected) => {
  answers = [whole()];
  let tunnels = 0;
  const proxy = createServer().listen(0, '127.0.0.1');
  proxy.on('connect', (request, socket) => {
    tunnels += 1;
    const [host, port] = request.url!.split(':');
    const target = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    target.pipe(socket).pipe(target);
  });
  await once(proxy, 'listening');
  try {
    const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    expect((await fetchIt({ environment: { HTTP_PROXY, ...environment } })).equals(file)).toBe(true);
    expect(tunnels).toBe(expected);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

it('names the proxy that is no address', async () => {
  await expect(fetchIt({ environment: { HTTPS_PROXY: '::' } })).rejects.toThrow('HTTP_PROXY, HTTPS_PROXY');
});
