import { imageAugmentations, type Envelope, type MessageOf } from '@repo/contracts';
import { LearningDatabase } from '@repo/database';
import { done, newId, PermanentError, TemporaryError, type Outcome } from '@repo/kernel';
import { PgBossMessageBus } from '@repo/messaging/embedded';
import { ErrorReporter, renderMetrics } from '@repo/observability';
import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendUnderTest, type Person } from './backend-under-test.js';

type Body = MessageOf<typeof imageAugmentations>;
const { queue, name } = imageAugmentations;
const route = `/api/Queues/${queue}/dead`;

let backend: BackendUnderTest;
/** The worker's side: another connection to the same broker, with the waits between attempts scaled down. */
let worker: PgBossMessageBus;
let admin: Person;
let ana: Person;
/** What the worker does with a message. */
let handle: (body: Body, envelope: Envelope<Body>) => Promise<Outcome>;
const report = vi.fn<ErrorReporter['report']>();

beforeAll(async () => {
  backend = await BackendUnderTest.start();
  admin = await backend.person('root', 'admin');
  ana = await backend.person('ana');
  vi.spyOn(backend.app.get(ErrorReporter), 'report').mockImplementation(report);
  const { options } = backend.app.get(LearningDatabase).source;
  worker = await PgBossMessageBus.open({ url: (options as { url: string }).url, retries: { waitsMs: [50, 100], jitter: 0 } });
  await worker.subscribe(imageAugmentations, (body, envelope) => handle(body, envelope), { parallel: 10 });
});
afterAll(async () => {
  await worker.close(1_000);
  await backend.stop();
});
beforeEach(async () => {
  report.mockReset();
  await backend.query('DELETE FROM "DeadLetters"');
  await backend.query('DELETE FROM "QueueAudit"');
  await backend.query('DELETE FROM "ErrorLog"');
});

function photoMessage(itemId: string = newId()): Body {
  const fotoId = newId();
  return { itemId, fotoId, fotoCaminho: `item/${itemId}/${fotoId}.jpg`, categoria: 'Moedas', userId: newId(), sha256: '0a'.repeat(32) };
}
/** Puts a text into the queue as it is, as no publisher of ours would. */
async function inject(text: string): Promise<void> {
  const { source } = backend.app.get(LearningDatabase);
  await source.query(`INSERT INTO messages.job (name, data) VALUES ($1, jsonb_build_object('text', $2::text))`, [queue, text]);
}
const open = () => backend.count('DeadLetters', `"state" = 'open'`);
const untilOpen = (count: number, timeoutMs = 20_000) => vi.waitFor(async () => expect(await open()).toBe(count), { timeout: timeoutMs, interval: 50 });
const get = async (path: string) => (await backend.call('get', path, admin).expect(200)).body;
const groups = () => get(route);
const letterIds = async () => (await backend.query<{ letterId: string }>('SELECT "letterId" FROM "DeadLetters" ORDER BY "deadAt", "letterId"')).map(({ letterId }) => letterId);
/** Long enough for anything that is under way to show. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 1_000));

async function oneDead(body = photoMessage()): Promise<string> {
  handle = async () => {
    throw new PermanentError(`photo ${body.fotoId} is missing`);
  };
  await worker.publish(imageAugmentations, body);
  await untilOpen(1);
  return (await letterIds())[0]!;
}

describe('three failures (M14)', () => {
  it('end in one dead letter, one entry of the error log and one alert with item and attempt', async () => {
    const attempts: number[] = [];
    handle = async (_, { attempt }) => {
      attempts.push(attempt);
      throw new TemporaryError('the store is away');
    };
    const body = photoMessage();
    const messageId = newId();
    await worker.publish(imageAugmentations, body, { messageId });
    await untilOpen(1);
    await aMoment();
    expect(attempts).toEqual([1, 2, 3]);
    const [letterId] = await letterIds();
    const about = { itemId: body.itemId, fotoId: body.fotoId, attempt: 3, queue, cause: 'attempts used up', messageName: name, messageId, letterId };
    const reason = 'TemporaryError: the store is away';
    expect(await get('/api/Errors')).toEqual([{ id: expect.any(String), msg: `Message failed 3x: ${name} in ${queue}`, reason, context: about, timestamp: expect.any(String) }]);
    expect(report.mock.calls).toEqual([[expect.objectContaining({ message: `Message failed 3x: ${name} in ${queue}` }), { ...about, reason }]]);
    expect(await get(`${route}/${letterId}`)).toMatchObject({ ...about, reason, state: 'open', body, history: [{ attempt: 1 }, { attempt: 2 }, { attempt: 3, error: reason }] });
    expect((await worker.depth(queue)).dead).toBe(0);
    expect((await renderMetrics()).text).toMatch(/dead_letters_total\{queue="ImageAugmentations",cause="attempts used up"\} [1-9]/);
  });
});

describe('a thousand dead letters (M17)', () => {
  it('are one group, and come back within 60 s, in order for each item, with all their attempts, once', { timeout: 240_000 }, async () => {
    handle = async ({ fotoId }) => {
      throw new PermanentError(`photo ${fotoId} can't be decoded: 3 bytes`);
    };
    const items = Array.from({ length: 50 }, () => newId() as string);
    const bodies = Array.from({ length: 1_000 }, (_, index) => photoMessage(items[index % items.length]));
    await Promise.all(bodies.map((body) => worker.publish(imageAugmentations, body)));
    await untilOpen(1_000, 120_000);
    const [group, ...others] = await groups();
    expect(others).toEqual([]);
    expect(group).toMatchObject({ cause: 'refused', reason: "PermanentError: photo # can't be decoded: # bytes", count: 1_000, samples: [{}, {}, {}] });
    expect(new Date(group.last).getTime()).toBeGreaterThan(new Date(group.first).getTime());
    expect((await get('/api/Queues')).find((one: { name: string }) => one.name === queue)).toEqual({ name: queue, description: imageAugmentations.purpose, waiting: 0, running: 0, dead: 1_000, oldest: group.first });

    const handled: Body[] = [];
    const attempts = new Set<number>();
    handle = async (body, { attempt }) => {
      handled.push(body);
      attempts.add(attempt);
      return done();
    };
    const replayGroup = () => backend.call('post', `${route}/replay`, admin).send({ groupKey: group.groupKey, why: 'the decoder is mended' }).expect(200);
    const startedAt = performance.now();
    expect((await replayGroup()).body).toEqual({ replayed: 1_000, skipped: 0 });
    await vi.waitFor(() => expect(handled).toHaveLength(1_000), { timeout: 60_000, interval: 50 });
    expect(performance.now() - startedAt).toBeLessThan(60_000);

    const photosOf = (list: readonly Body[], item: string) => list.filter(({ itemId }) => itemId === item).map(({ fotoId }) => fotoId);
    expect(items.map((item) => photosOf(handled, item))).toEqual(items.map((item) => photosOf(bodies, item)));
    expect([...attempts]).toEqual([1]);
    expect((await replayGroup()).body).toEqual({ replayed: 0, skipped: 0 });
    await aMoment();
    expect(handled).toHaveLength(1_000);
    expect(await backend.query('SELECT "who", "what", "queue", "letters", "why", "groupKey", "letterId" FROM "QueueAudit"')).toEqual([
      { who: admin.id, what: 'replay group', queue, letters: 1_000, why: 'the decoder is mended', groupKey: group.groupKey, letterId: null },
    ]);
    expect(report).toHaveBeenCalledTimes(1_000);
  });
});

describe('a replay that fails again (M18)', () => {
  it('comes back with the story of both rounds, and goes no further by itself', async () => {
    const body = photoMessage();
    const letterId = await oneDead(body);
    const { body: replayed } = await backend.call('post', `${route}/${letterId}/replay`, admin).send({ why: 'one more try' }).expect(200);
    await vi.waitFor(async () => expect(await backend.count('DeadLetters')).toBe(2), 20_000);
    await aMoment();
    expect([await backend.count('DeadLetters'), await open(), (await worker.depth(queue)).waiting]).toEqual([2, 1, 0]);
    const second = (await letterIds()).find((id) => id !== letterId)!;
    const rounds = [
      { letterId, state: 'replayed', replayMessageId: replayed.messageId, history: [{ attempt: 1 }], settledBy: { who: admin.id, what: 'replay', why: 'one more try' } },
      { letterId: second, state: 'open', messageId: replayed.messageId, history: [{ attempt: 1 }] },
    ];
    expect(await get(`${route}/${second}`)).toMatchObject({ body, rounds });
    expect(await get(`${route}/${letterId}`)).toMatchObject({ body, rounds });
    expect(report).toHaveBeenCalledTimes(2);
  });

  it('is one replay, however often the button is pressed', async () => {
    const letterId = await oneDead();
    const answers = await Promise.all(Array.from({ length: 5 }, () => backend.call('post', `${route}/${letterId}/replay`, admin)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'DEAD_LETTER_REPLAYED' });
    expect(await backend.count('QueueAudit')).toBe(1);
    await untilOpen(1); // it fails again
  });
});

describe('editing and replaying (M19)', () => {
  const sent: Body[] = [];
  const remember = () => {
    sent.length = 0;
    handle = async (body) => {
      sent.push(body);
      return done();
    };
  };

  it.each<[what: string, text: (body: Body) => string]>([
    ['what is no JSON', () => 'no JSON'],
    ['a message without an envelope', (body) => JSON.stringify(body)],
    ['a body that lacks something', ({ itemId }) => JSON.stringify({ messageId: newId(), name, sentAt: new Date().toISOString(), body: { itemId } })],
    ['a message of another version', (body) => JSON.stringify({ messageId: newId(), name: 'photo.augment.v9', sentAt: new Date().toISOString(), body })],
  ])('mends %s, and keeps the original beside it', async (_, write) => {
    remember();
    const body = photoMessage();
    const text = write(body);
    await inject(text);
    await untilOpen(1);
    const [letterId] = await letterIds();
    const replay = (sends: object) => backend.call('post', `${route}/${letterId}/replay`, admin).send(sends);

    const unedited = await replay({}).expect(400);
    expect(unedited.body).toMatchObject({ code: 'INVALID_INPUT', details: expect.arrayContaining([{ field: expect.stringMatching(/^body/), message: expect.any(String) }]) });
    const wrong = await replay({ body: { ...body, sha256: 'short' } }).expect(400);
    expect(wrong.body.details).toContainEqual({ field: 'body.sha256', message: expect.any(String) });
    expect([await open(), sent]).toEqual([1, []]);

    const { messageId } = (await replay({ body, why: 'mended by hand' }).expect(200)).body;
    await vi.waitFor(() => expect(sent).toEqual([body]), 20_000);
    const letter = await get(`${route}/${letterId}`);
    expect(letter).toMatchObject({ state: 'replayed', text, replayMessageId: messageId, editedBody: body });
    expect(letter.settledBy).toMatchObject({ who: admin.id, what: 'edit and replay', why: 'mended by hand' });
    expect(await backend.query('SELECT "letterId", "letters" FROM "QueueAudit"')).toEqual([{ letterId, letters: 1 }]);
  });
});

describe('discarding', () => {
  it('takes the letter off the list and keeps it, with a reason', async () => {
    const letterId = await oneDead();
    await backend.call('delete', `${route}/${letterId}`, admin).expect(400);
    await backend.call('delete', `${route}/${letterId}`, admin).query({ why: 'its photo is gone' }).expect(204);
    expect(await groups()).toEqual([]);
    expect(await get(`${route}/${letterId}`)).toMatchObject({ state: 'discarded', settledBy: { who: admin.id, what: 'discard', why: 'its photo is gone' } });
    const again = await backend.call('delete', `${route}/${letterId}`, admin).query({ why: 'w' }).expect(409);
    expect(again.body.code).toBe('DEAD_LETTER_REPLAYED');
    await backend.call('post', `${route}/${letterId}/replay`, admin).expect(409);
  });
});

describe('who may', () => {
  const id = newId();
  it.each<[method: 'get' | 'post' | 'delete', path: string, status: number, body?: object]>([
    ['get', '/api/Queues', 200],
    ['get', route, 200],
    ['get', '/api/Queues/Nowhere/dead', 404],
    ['get', `${route}/${id}`, 404],
    ['get', `${route}/x`, 400],
    ['post', `${route}/replay`, 200, { groupKey: '0'.repeat(32), why: 'w' }],
    ['post', `${route}/replay`, 400, { groupKey: 'x', why: 'w' }],
    ['post', `${route}/replay`, 400, { groupKey: '0'.repeat(32) }],
    ['post', `${route}/${id}/replay`, 404, {}],
    ['post', `${route}/${id}/replay`, 400, { why: 'w', extra: 1 }],
    ['delete', `${route}/${id}?why=w`, 404],
    ['get', '/api/Errors', 200],
    ['get', '/api/Errors?cursor=x', 400],
    ['get', '/api/Errors?limit=201', 400],
  ])('%s %s: an administrator alone, who gets %i', async (method, path, status, body) => {
    await backend.call(method, path).send(body).expect(401);
    await backend.call(method, path, ana).send(body).expect(403);
    await backend.call(method, path, admin).send(body).expect(status);
  });

  it('pages through what went wrong', async () => {
    handle = async () => {
      throw new PermanentError('no');
    };
    await Promise.all(Array.from({ length: 5 }, () => worker.publish(imageAugmentations, photoMessage())));
    await untilOpen(5);
    const seen: string[] = [];
    for (let next: string | undefined = '/api/Errors?limit=2'; next; ) {
      const { body, headers }: Response = await backend.call('get', next, admin).expect(200);
      seen.push(...body.map((error: { id: string }) => error.id));
      next = /<(.+)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });
});
