import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId, PermanentError, TemporaryError, type UserId } from '@repo/kernel';
import { ClassifierOverloadedError, ClassifierUnavailableError, newModelVersion, PhotoUndecodableError } from '@repo/recognition-domain';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClassifier } from './http-classifier.js';
import { HttpModelAnnouncer } from './http-model-announcer.js';
import { ServiceClient } from './service-client.js';

interface Asked {
  path: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
  closing = [];
});

async function serviceThatAnswers(status: number | 'never', body: unknown = {}): Promise<{ client: ServiceClient; asked: Asked[]; connections: () => number }> {
  const asked: Asked[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    void readAll(request).then((text) => {
      asked.push({ path: request.url, authorization: request.headers.authorization, body: text ? JSON.parse(text) : undefined });
      if (status !== 'never') {
        response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
      }
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new ServiceClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, serviceToken: 'secret', timeoutMs: 200 });
  closing.push(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, asked, connections: () => connections };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
  }
  return text;
}

const ownerId = newId<UserId>();
const version = newModelVersion(new Date('2026-01-01T00:00:00Z'), newId());
const [itemId, fotoId] = [newId(), newId()];
const stages = { fetch: 1, queue: 0, decode: 9, forward: 11, search: 2, names: 1, total: 24 };
const answer = {
  classe: 'selos',
  confianca: 0.9,
  semelhantes: [{ itemId, fotoId, nome: 'Olho-de-boi', distancia: 0.08 }],
  probabilities: { selos: 0.9, moedas: 0.1 },
  modelVersion: version,
  stages,
};

describe('asking the classifier', () => {
  it('reads the answer, over connections that stay open', async () => {
    const { client, asked, connections } = await serviceThatAnswers(200, answer);
    const classifier = new HttpClassifier(client);
    for (let call = 0; call < 5; call += 1) {
      await classifier.classify('uploads/a.jpg', ownerId);
    }
    expect(await classifier.classify('uploads/b.jpg', ownerId)).toEqual({
      probabilities: { selos: 0.9, moedas: 0.1 },
      modelVersion: version,
      similar: [{ itemId, photoId: fotoId, distance: 0.08 }],
    });
    expect(asked.at(-1)).toEqual({
      path: '/classify',
      authorization: 'Bearer secret',
      body: { imagePath: 'uploads/b.jpg', ownerId, k: 5, embedding: false },
    });
    expect(connections()).toBeLessThan(3);
  });

  it('knows no probabilities while no model serves', async () => {
    const { client } = await serviceThatAnswers(200, { ...answer, classe: null, modelVersion: null, probabilities: {} });
    expect(await new HttpClassifier(client).classify('uploads/a.jpg', ownerId)).toMatchObject({ probabilities: undefined, modelVersion: undefined });
  });

  it.each([
    [429, { code: 'CLASSIFIER_BUSY', message: 'busy' }, ClassifierOverloadedError],
    [422, { code: 'PHOTO_UNREADABLE', message: 'no image' }, PhotoUndecodableError],
    [500, { code: 'INTERNAL', message: 'oops' }, ClassifierUnavailableError],
    [404, { code: 'OBJECT_NOT_FOUND', message: 'no such object' }, ClassifierUnavailableError],
    [200, { unexpected: true }, ClassifierUnavailableError],
    [200, '<html>', ClassifierUnavailableError],
    ['never', {}, ClassifierUnavailableError],
  ] as const)('takes %s %j as an error of its own', async (status, body, expected) => {
    const { client } = await serviceThatAnswers(status, body);
    await expect(new HttpClassifier(client).classify('uploads/a.jpg', ownerId)).rejects.toThrow(expected);
  });

  it('notices at once that the classifier was killed, whatever number of calls it had in hand', async () => {
    const silent = `const server = require('node:http').createServer(() => process.stdout.write('.'));
      server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));`;
    const classifier = spawn(process.execPath, ['-e', silent], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    classifier.stdout.on('data', (chunk) => (said += String(chunk)));
    await expect.poll(() => said, { timeout: 10_000 }).toContain('\n');
    const client = new ServiceClient({ url: `http://127.0.0.1:${said.trim()}`, serviceToken: 'secret', timeoutMs: 30_000 });
    closing.push(() => client.close());
    const calls = Promise.allSettled(Array.from({ length: 10 }, () => new HttpClassifier(client).classify('uploads/a.jpg', ownerId)));
    await expect.poll(() => said.split('.').length - 1, { timeout: 10_000 }).toBe(10); // all of them are being answered
    const killedAt = performance.now();
    classifier.kill('SIGKILL');
    const reasons = (await calls).map((result) => (result as PromiseRejectedResult).reason as unknown);
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(reasons).toHaveLength(10);
    expect(reasons.every((reason) => reason instanceof ClassifierUnavailableError)).toBe(true);
  });

  it('notices within a second that nobody is there', async () => {
    const client = new ServiceClient({ url: 'http://127.0.0.1:9', serviceToken: 'secret', timeoutMs: 5_000 });
    closing.push(() => client.close());
    const startedAt = performance.now();
    await expect(new HttpClassifier(client).classify('uploads/a.jpg', ownerId)).rejects.toThrow(ClassifierUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('asking the classifier for its backbone', () => {
  const backbone = { id: 'net', quality: 'compact', origin: 'shipped', inputSize: 160 };

  it('reads the answer', async () => {
    const { client, asked } = await serviceThatAnswers(200, { modelVersion: null, backbone });
    expect(await new HttpClassifier(client).backbone()).toEqual(backbone);
    expect(asked).toEqual([{ path: '/version', authorization: 'Bearer secret', body: undefined }]);
  });

  it.each([
    [200, { modelVersion: null }], // one of before
    [200, { modelVersion: null, backbone: { ...backbone, quality: 'odd' } }],
    [503, { code: 'TEMPORARILY_UNAVAILABLE', message: 'starting' }],
    ['never', {}],
  ] as const)('takes %s %j as no answer', async (status, body) => {
    const { client } = await serviceThatAnswers(status, body);
    await expect(new HttpClassifier(client).backbone()).rejects.toThrow(ClassifierUnavailableError);
  });
});

describe('announcing a version', () => {
  it('names folder and vectors, and tells what became of it', async () => {
    const { client, asked } = await serviceThatAnswers(200, { version, state: 'refused', reason: 'worse' });
    expect(await new HttpModelAnnouncer(client).announce(version)).toEqual({ state: 'refused', reason: 'worse' });
    expect(asked[0]).toMatchObject({
      path: '/api/UpdateModelVersion',
      body: { modelPath: `models/${version}`, embeddings: `models/${version}/embeddings.faiss` },
    });
  });

  it.each([
    [500, TemporaryError],
    [503, TemporaryError],
    [429, TemporaryError],
    ['never', TemporaryError],
    [401, PermanentError],
    [422, PermanentError],
    [200, PermanentError],
  ] as const)('an answer of %s is worth repeating or not', async (status, expected) => {
    const { client } = await serviceThatAnswers(status, { code: 'SOMETHING', message: 'words' });
    await expect(new HttpModelAnnouncer(client).announce(version)).rejects.toThrow(expected);
  });
});
