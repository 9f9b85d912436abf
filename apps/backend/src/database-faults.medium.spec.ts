import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresServer } from '@repo/servers';
import pg from 'pg';
import sharp from 'sharp';
import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BackendUnderTest, Person } from './backend-under-test.js';
import { BackendsOnServers } from './backends-on-servers.js';
import { AnswerLog, sendEvenly } from './even-load.js';

const POOL_SIZE = 6;

describe.skipIf(!PostgresServer.isInstalled())('faults of the database', () => {
  let platform: BackendsOnServers;
  let people = 0;
  let ana: Person;
  let photo: Buffer;
  /** A session of a stranger. */
  let stranger: pg.Client;

  beforeAll(async () => {
    platform = await BackendsOnServers.start({ redis: false, settings: { DATABASE_POOL_SIZE: String(POOL_SIZE) } });
    photo = await sharp({ create: { width: 24, height: 24, channels: 3, background: '#a04030' } }).jpeg().toBuffer();
  });
  afterAll(() => platform.stop());
  beforeEach(async () => {
    people += 1;
    ana = await platform.backends[0].person(`ana${people}`);
  });

  const backend = (number: number): BackendUnderTest => platform.backends[number % 2]!;
  const upload = (number: number, key: string, nome = key) => backend(number).createItem(ana, [photo], { nome, categoria: 'Moedas' }).set('Idempotency-Key', key);
  const sql = (statement: string) => platform.postgres.sql(statement, 'collection');
  const itemsOfAna = async () => Number(await sql(`SELECT count(*) FROM "Items" WHERE "ownerId" = '${ana.id}'`));
  const makeItem = async (nome = 'moeda') => (await backend(0).createItem(ana, [photo], { nome, categoria: 'Moedas' }).expect(201)).body as { itemId: string };

  async function withStranger(work: () => Promise<void>): Promise<void> {
    stranger = new pg.Client(platform.postgres.urlOf('collection'));
    await stranger.connect();
    await work().finally(() => stranger.end());
  }
  /** Until so many sessions of the backends wait for a lock. */
  const untilBlocked = (count = 1) =>
    vi.waitFor(async () => expect(Number(await sql(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backend' AND wait_event_type = 'Lock'`))).toBeGreaterThanOrEqual(count), { timeout: 5_000, interval: 20 });

  /** Uploads with keys, each sent again until it is taken, beside readers; answers the ids by key. */
  async function load(isOver: () => boolean, { uploads, reads }: { uploads: AnswerLog; reads: AnswerLog }): Promise<Map<string, string>> {
    const kept = new Map<string, string>();
    const uploadUntilTaken = async (number: number) => {
      for (;;) {
        const key = `${ana.id} ${number}`;
        const { status, body } = (await uploads.note(() => upload(number, key))) as Response & { body: { itemId: string } };
        if (status === 201) {
          kept.set(key, body.itemId);
          return;
        }
        expect([409, 503]).toContain(status); // 409: the first one is not known to be over
        await sleep(1_000);
      }
    };
    await Promise.all([
      sendEvenly(6, isOver, uploadUntilTaken),
      sendEvenly(44, isOver, (number) => reads.note(() => backend(number).call('get', '/api/Items?limit=10', ana))),
    ]);
    return kept;
  }

  async function expectLedgerEqual(kept: Map<string, string>): Promise<void> {
    const rows = (await sql(`SELECT "nome", "id" FROM "Items" WHERE "ownerId" = '${ana.id}' ORDER BY "nome"`)).trim().split('\n');
    expect(rows).toEqual([...kept].map(([name, id]) => `${name}\t${id}`).sort());
  }

  it('D01: stopped at once under load, it is missed by 503 alone, loses nothing, and is used again within 10 s', async () => {
    const [uploads, reads] = [new AnswerLog(), new AnswerLog()];
    let isOver = false;
    const loading = load(() => isOver, { uploads, reads });
    await sleep(1_500);
    const stoppedAt = performance.now();
    await platform.postgres.stopAtOnce();
    await sleep(3_000);
    await platform.postgres.startAgain();
    const backAt = performance.now();
    await sleep(3_500);
    isOver = true;
    const kept = await loading;

    const failures = [...uploads.failures, ...reads.failures];
    expect(failures.length).toBeGreaterThan(20);
    expect(failures.filter(({ status, retryAfter }) => status !== 503 || !(Number(retryAfter) > 0))).toEqual([]);
    expect(Math.min(...failures.map(({ endedAt }) => endedAt))).toBeGreaterThanOrEqual(stoppedAt);
    expect(Math.max(...failures.map(({ endedAt }) => endedAt)) - backAt, 'milliseconds from its return to the last failure').toBeLessThan(10_000);
    await expectLedgerEqual(kept);
  }, 120_000);

  it('D02: loses nothing while sessions are ended at random', async () => {
    const [uploads, reads] = [new AnswerLog(), new AnswerLog()];
    const { itemId } = await makeItem('renamed again and again');
    let isOver = false;
    const loading = load(() => isOver, { uploads, reads });
    const renaming = (async () => {
      let name = '';
      for (let number = 0; !isOver; number += 1) {
        const { status } = await backend(number).call('put', `/api/Items/${itemId}`, ana).send({ nome: `name ${number}` });
        expect([200, 503]).toContain(status);
        name = status === 200 ? `name ${number}` : '';
        if (name) {
          const { status: read, body } = await backend(number + 1).call('get', `/api/Items/${itemId}`, ana);
          expect(read === 503 || (body as { nome: string }).nome === name, 'what was confirmed is there, through the other backend too').toBe(true);
        }
      }
    })();
    await withStranger(async () => {
      for (let ended = 0; ended < 20; await sleep(200)) {
        const { rowCount } = await stranger.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backend' AND datname = 'collection' ORDER BY random() LIMIT 1`);
        ended += rowCount ?? 0;
      }
    });
    isOver = true;
    const kept = await loading;
    await renaming;
    expect([...uploads.failures, ...reads.failures].filter(({ status }) => status !== 503)).toEqual([]);
    await sql(`DELETE FROM "Fotos" WHERE "itemId" = '${itemId}'; DELETE FROM "Items" WHERE "id" = '${itemId}'`);
    await expectLedgerEqual(kept);
  }, 120_000);

  it('D02: does the work again when its session is ended before COMMIT, and once', async () => {
    await makeItem();
    await withStranger(async () => {
      await stranger.query('BEGIN');
      await stranger.query('SELECT 1 FROM "CollectionVersions" WHERE "ownerId" = $1 FOR UPDATE', [ana.id]); // uploads stop here, all but done
      const uploading = upload(0, `${ana.id} once`).then();
      await untilBlocked();
      await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backend' AND wait_event_type = 'Lock'`);
      await sleep(100);
      await stranger.query('ROLLBACK');
      expect((await uploading).status).toBe(201);
    });
    expect(await itemsOfAna()).toBe(2);
  });

  it('D03: an item whose COMMIT was answered to nobody is made once, and found by its key', async () => {
    const key = `${ana.id} lost`;
    platform.proxy.faults = { cutAnswerTo: 'COMMIT' };
    const { status, headers } = await upload(0, key);
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(await itemsOfAna()).toBe(1);
    platform.proxy.faults = {};
    const { body } = await vi.waitFor(() => upload(1, key).expect(201), { timeout: 10_000, interval: 200 });
    expect(await itemsOfAna()).toBe(1);
    expect(await sql(`SELECT "id" FROM "Items" WHERE "ownerId" = '${ana.id}'`)).toContain((body as { itemId: string }).itemId);
    expect((await upload(0, key).expect(201)).headers['idempotency-replayed']).toBe('true');
    expect(Number(await sql(`SELECT count(*) FROM "Outbox" WHERE "body"::json ->> 'userId' = '${ana.id}'`)), 'messages').toBe(1);
  });

  it('D04: two that lock each other out both succeed', async () => {
    const { itemId } = await makeItem();
    await withStranger(async () => {
      await stranger.query('BEGIN');
      await stranger.query('SELECT 1 FROM "CollectionVersions" WHERE "ownerId" = $1 FOR UPDATE', [ana.id]);
      const changing = backend(0).call('put', `/api/Items/${itemId}`, ana).send({ nome: 'changed' }).then();
      await untilBlocked(); // it holds the item and waits for the version
      await sleep(200); // PostgreSQL ends the one that has waited for a second first: the backend's
      await stranger.query('UPDATE "Items" SET "descricao" = $2 WHERE "id" = $1', [itemId, 'by a stranger']);
      await stranger.query('COMMIT');
      expect((await changing).status).toBe(200);
    });
    expect((await backend(1).call('get', `/api/Items/${itemId}`, ana).expect(200)).body).toMatchObject({ nome: 'changed' });
    expect(Number(await sql(`SELECT deadlocks FROM pg_stat_database WHERE datname = 'collection'`))).toBeGreaterThan(0);
  });

  it('D04: changes that meet at the same items and categories end in answers, none in a failure', async () => {
    const items = await Promise.all([makeItem('a'), makeItem('b'), makeItem('c')]);
    const log = new AnswerLog();
    for (let round = 0; round < 8; round += 1) {
      const [from, to] = await Promise.all(
        ['De', 'Para'].map(async (nome) => (await backend(0).call('post', '/api/Categorias', ana).send({ nome: `${nome} ${round}` }).expect(201)).body as { id: string }),
      );
      await Promise.all([
        ...items.map(({ itemId }, at) => log.note(() => backend(at).call('put', `/api/Items/${itemId}`, ana).send({ categoria: from!.id }))),
        ...items.map(({ itemId }, at) => log.note(() => backend(at + 1).call('put', `/api/Items/${itemId}`, ana).send({ categoria: to!.id }))),
        ...items.map(({ itemId }, at) => log.note(() => backend(at).call('post', `/api/Items/${itemId}/fotos`, ana).attach('foto', photo, 'a.jpg'))),
        log.note(() => backend(0).call('delete', `/api/Categorias/${from!.id}?moveTo=${to!.id}`, ana)),
        log.note(() => backend(1).call('put', `/api/Categorias/${to!.id}`, ana).send({ nome: `Outro ${round}` })),
      ]);
    }
    expect(log.failures).toEqual([]);
  });

  it('D05: with every connection in use, others are told within seconds, and what needs none goes on', async () => {
    const { itemId } = await makeItem();
    await withStranger(async () => {
      await stranger.query('BEGIN');
      await stranger.query('LOCK TABLE "Items" IN ACCESS EXCLUSIVE MODE');
      const read = () => backend(0).call('get', `/api/Items/${itemId}`, ana);
      const waiting = Array.from({ length: POOL_SIZE }, () => read().then());
      await untilBlocked(POOL_SIZE);
      const log = new AnswerLog();
      await Promise.all([
        ...Array.from({ length: 5 }, () => log.note(read)),
        log.note(() => backend(0).call('get', '/api/health/live')),
        log.note(() => backend(0).call('get', '/api/Training', ana)),
      ]);
      const refused = log.failures;
      expect(refused.map(({ status, retryAfter }) => [status, retryAfter])).toEqual(Array(5).fill([503, '5']));
      expect(Math.max(...refused.map(({ startedAt, endedAt }) => endedAt - startedAt))).toBeLessThan(3_000);
      expect(log.answers.filter(({ status }) => status === 200)).toHaveLength(2);
      const { body } = await backend(0).call('get', '/api/health/ready').expect(503);
      const states = new Map((body as { parts: { name: string; state: string }[] }).parts.map(({ name, state }) => [name, state]));
      expect(['collection database', 'learning database', 'messages', 'objects'].map((name) => states.get(name))).toEqual(['failed', 'ok', 'ok', 'ok']);
      await stranger.query('ROLLBACK');
      expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]));
    });
    await backend(0).call('get', '/api/Items', ana).expect(200);
  });
});
