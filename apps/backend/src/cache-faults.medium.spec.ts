import { setTimeout as sleep } from 'node:timers/promises';
import { ItemRepository, type ItemQuery } from '@repo/collection-domain';
import { PostgresServer, RedisServer } from '@repo/servers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BackendUnderTest, Person } from './backend-under-test.js';
import { BackendsOnServers } from './backends-on-servers.js';
import { AnswerLog } from './even-load.js';

const REQUESTS_PER_MINUTE = 200;
const SIGN_INS_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

describe.skipIf(!PostgresServer.isInstalled() || !RedisServer.isInstalled())('faults of the cache', () => {
  let platform: BackendsOnServers;
  let photo: Buffer;
  let ana: Person;
  let people = 0;

  beforeAll(async () => {
    platform = await BackendsOnServers.start({ redis: true, settings: { OC_REQUESTS_PER_MINUTE: String(REQUESTS_PER_MINUTE) } });
    photo = await sharp({ create: { width: 24, height: 24, channels: 3, background: '#a04030' } }).jpeg().toBuffer();
  });
  afterAll(() => platform.stop());

  const backend = (number: number): BackendUnderTest => platform.backends[number % 2]!;
  const newPerson = () => backend(0).person(`ana${(people += 1)}`);
  /** Somebody with two items, and with an allowance of requests of their own. */
  const beAna = async () => {
    ana = await newPerson();
    for (const nome of ['Dobrão', 'Cruzado']) {
      await backend(0).createItem(ana, [photo], { nome, categoria: 'Moedas' }).expect(201);
    }
  };
  const list = (number: number, person = ana) => backend(number).call('get', '/api/Items?limit=5', person);
  const names = (body: { nome: string }[]) => body.map(({ nome }) => nome);
  const pagesInRedis = async (person = ana) => (await platform.redis.cli('--scan', '--pattern', `ocolecionador:1:value:items:${person.id}:*`)).split('\n').filter(Boolean);
  const untilCached = () =>
    vi.waitFor(async () => {
      await list(0).expect(200);
      expect(await pagesInRedis()).not.toEqual([]);
    }, { timeout: 15_000, interval: 100 });
  /** One after another, so that nothing but the answers' own time is measured. */
  async function readOften(count: number): Promise<AnswerLog> {
    const log = new AnswerLog();
    for (let number = 0; number < count; number += 1) {
      await log.note(() => list(number));
    }
    return log;
  }
  /** Windows begin with the clock's minutes: what is counted must lie in one. */
  async function withinOneMinute(neededMs: number): Promise<void> {
    const left = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (left < neededMs) {
      await sleep(left);
    }
  }
  /** Answers how many of as many wrong passwords as may be tried, and two more, were looked at, and how many refused unseen. */
  async function guess(email: string, backendOf: (number: number) => number): Promise<{ lookedAt: number; refused: number }> {
    await withinOneMinute(8_000);
    const tries = Array.from({ length: SIGN_INS_PER_MINUTE + 2 }, (_, number) => backend(backendOf(number)).call('post', '/api/auth/login').send({ email, password: 'a wrong password' }));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    return { lookedAt: statuses.filter((status) => status === 401).length, refused: statuses.filter((status) => status === 429).length };
  }

  it('shows at once through one backend what was changed through the other, page by page from the cache', async () => {
    await beAna();
    await untilCached();
    expect(names((await list(1).expect(200)).body)).toEqual(['Cruzado', 'Dobrão']);
    const { body: made } = await backend(0).createItem(ana, [photo], { nome: 'Real', categoria: 'Moedas' }).expect(201);
    expect(names((await list(1).expect(200)).body)).toEqual(['Real', 'Cruzado', 'Dobrão']);
    await backend(1).call('put', `/api/Items/${made.itemId}`, ana).send({ nome: 'Escudo' }).expect(200);
    expect(names((await list(0).expect(200)).body)).toEqual(['Escudo', 'Cruzado', 'Dobrão']);
    await backend(0).call('delete', `/api/Items/${made.itemId}`, ana).expect(204);
    expect(names((await list(1).expect(200)).body)).toEqual(['Cruzado', 'Dobrão']);
    const { body: categories } = await backend(0).call('get', '/api/Categorias', ana).expect(200);
    await backend(0).call('put', `/api/Categorias/${categories[0].id}`, ana).send({ nome: 'Moedas antigas' }).expect(200);
    expect((await list(1).expect(200)).body[0]).toMatchObject({ categoria: 'Moedas antigas' });
  });

  it('A14: several backends keep one limit together', async () => {
    const bia = await newPerson();
    await withinOneMinute(10_000);
    const answers = await Promise.all(Array.from({ length: REQUESTS_PER_MINUTE + 60 }, (_, number) => backend(number).call('get', '/api/auth/me', bia)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(REQUESTS_PER_MINUTE);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(60);
    expect(refused.every(({ headers }) => Number(headers['retry-after']) > 0)).toBe(true);
  });

  it('lets nobody guess ten passwords at each backend', async () => {
    expect(await guess('victim@example.org', (number) => number)).toEqual({ lookedAt: SIGN_INS_PER_MINUTE, refused: 2 });
  });

  it('R01: Redis killed: nothing fails, reading is quick, and each backend keeps the limits by itself', async () => {
    await beAna();
    await untilCached();
    const before = await readOften(30);
    await platform.redis.kill();
    try {
      const log = await readOften(60);
      expect(new Set(log.answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(log.quantile(0.95) - before.quantile(0.95), 'milliseconds more, 95th percentile').toBeLessThan(150);
      await backend(1).createItem(ana, [photo], { nome: 'Real', categoria: 'Moedas' }).expect(201);
      expect(names((await list(0).expect(200)).body)).toEqual(['Real', 'Cruzado', 'Dobrão']);
      expect(await guess('another@example.org', () => 0)).toEqual({ lookedAt: SIGN_INS_PER_MINUTE, refused: 2 });
    } finally {
      await platform.redis.startAgain();
    }
    await untilCached();
  });

  it('R02: Redis hanging: nothing fails, and of many requests hardly one waits for it', async () => {
    await beAna();
    await untilCached();
    const before = await readOften(60);
    platform.redis.pause();
    try {
      const log = await readOften(80);
      expect(new Set(log.answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(log.quantile(0.95) - before.quantile(0.95), 'milliseconds more, 95th percentile').toBeLessThan(250);
      // One waits; those after it are spared until it is found to be back.
      expect(log.answers.filter(({ startedAt, endedAt }) => endedAt - startedAt > 200 + before.quantile(1)).length).toBeLessThan(5);
      expect(await guess('a-third@example.org', () => 0)).toEqual({ lookedAt: SIGN_INS_PER_MINUTE, refused: 2 });
    } finally {
      platform.redis.resume();
    }
    await untilCached();
  });

  describe('R03: poison', () => {
    let bia: Person;
    beforeAll(async () => {
      await beAna();
      bia = await newPerson();
      await backend(0).createItem(bia, [photo], { nome: 'só de Bia', categoria: 'Selos' }).expect(201);
      await list(0, bia).expect(200);
      await untilCached();
    });

    it.each<[string, (mine: string, theirs: string) => string]>([
      ['another person\'s page', (_, theirs) => theirs],
      ['a page of an older program', () => JSON.stringify([{ id: '1', nome: 'old' }])],
      ['a page with a field of another type', (mine) => mine.replace(/"total":\d+/, '"total":"many"')],
      ['broken JSON', (mine) => mine.slice(0, -10)],
      ['nothing', () => ''],
    ])('%s under a key is not served, and written over', async (_, poison) => {
      const [key = ''] = await pagesInRedis();
      const [foreignKey = ''] = await pagesInRedis(bia);
      const mine = (await platform.redis.cli('GET', key)).trim();
      await platform.redis.cli('SET', key, poison(mine, (await platform.redis.cli('GET', foreignKey)).trim()));
      for (const number of [0, 1]) {
        expect(names((await list(number).expect(200)).body)).toEqual(['Cruzado', 'Dobrão']);
      }
      expect((await platform.redis.cli('GET', key)).trim()).toBe(mine);
    });
  });

  it('R05: emptied again and again under load, each page is read by one at a time in each backend', async () => {
    await beAna();
    let [reading, most, reads] = [0, 0, 0];
    const spies = platform.backends.map((one) => {
      const items = one.app.get(ItemRepository);
      const real = items.list.bind(items);
      return vi.spyOn(items, 'list').mockImplementation(async (query: ItemQuery) => {
        reads += 1;
        reading += 1;
        most = Math.max(most, reading);
        await sleep(40); // long enough for all the others to come
        return real(query).finally(() => (reading -= 1));
      });
    });
    const log = new AnswerLog();
    for (let round = 0; round < 5; round += 1) {
      await platform.redis.cli('FLUSHALL');
      await Promise.all(Array.from({ length: 30 }, (_, number) => log.note(() => list(number))));
    }
    spies.forEach((spy) => spy.mockRestore());
    expect(new Set(log.answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(most).toBeLessThanOrEqual(2);
    expect(reads).toBeGreaterThanOrEqual(5); // it was emptied indeed
    expect(reads).toBeLessThanOrEqual(20);
  });
});
