import { Logger } from '@nestjs/common';
import { TemporaryError, withDeadline } from '@repo/kernel';
import pg from 'pg';
import PgBoss from 'pg-boss';
import type { DeadLetter } from '../dead-letter.js';
import type { QueueDepth } from '../message-bus.js';
import { Batches } from './batches.js';
import { storedIn, type Death, type StoredMessage } from './stored-message.js';

const schema = 'messages';
const deadlineMs = 10_000;
/** With the doorbell's session four connections a process. */
const poolSize = 3;
/** pg-boss moves waiting messages away after 14 days; here they wait until somebody takes them. */
const retentionMinutes = 10 * 365 * 24 * 60;
const batchSize = 100;

export const deadQueueOf = (queue: string) => `${queue}.dead`;

interface Addition {
  name: string;
  id: string;
  data: StoredMessage;
}

export interface TakenMessage {
  /** The job's id: the message's own, unless somebody else put it there. */
  id: string;
  stored: StoredMessage;
}

export interface RunningMessage extends TakenMessage {
  /** Since it was taken. */
  ageMs: number;
  /** The database server started after that: everything went down, it was not this message that brought its worker down. */
  serverRestarted: boolean;
}

/** The queues in PostgreSQL, kept by pg-boss. Every method throws TemporaryError when the database does not answer. */
export class MessageStore {
  private readonly known = new Map<string, Promise<void>>();
  private readonly additions = new Batches<Addition>((jobs) => this.insert(jobs), batchSize);
  private creating: Promise<void> = Promise.resolve();

  private constructor(
    private readonly pool: pg.Pool,
    private readonly boss: PgBoss,
  ) {}

  static async open(url: string): Promise<MessageStore> {
    const logger = new Logger('messages');
    const pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      application_name: 'messages',
      connectionTimeoutMillis: deadlineMs,
      statement_timeout: deadlineMs,
      query_timeout: deadlineMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: deadlineMs,
    });
    pool.on('error', ({ message }) => logger.warn(`a connection to the message database was lost: ${message}`));
    // Neither its clock nor its clean-up is needed: a message that is done is deleted at once.
    const boss = new PgBoss({ db: executing(pool), schema, schedule: false, supervise: false });
    boss.on('error', ({ message }) => logger.warn(`pg-boss reports: ${message}`));
    const store = new MessageStore(pool, boss);
    try {
      await store.inTime(() => boss.start());
      return store;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  /** Puts a message into a queue. One with an id that is still waiting or running there is the same message: nothing happens. */
  async add(queue: string, id: string, stored: StoredMessage): Promise<void> {
    await this.ensureQueue(queue);
    await this.additions.add({ name: queue, id, data: stored });
  }

  /** Takes at most `limit` waiting messages, suspects first, then the oldest. */
  async take(queue: string, limit: number): Promise<TakenMessage[]> {
    const jobs = await this.inTime(() => this.boss.fetch(queue, { batchSize: limit }));
    return jobs.map(({ id, data }) => ({ id, stored: storedIn(data) }));
  }

  /** The messages are done and go. */
  async acknowledge(queue: string, ids: string[]): Promise<void> {
    if (ids.length > 0) {
      await this.inTime(() => this.boss.deleteJob(queue, ids));
    }
  }

  /** Puts a taken message back, to be delivered again after `waitMs`. */
  async putBack(queue: string, { id }: TakenMessage, stored: StoredMessage, waitMs = 0): Promise<void> {
    await this.replace(queue, id, queue, stored, {
      id,
      startAfter: waitMs / 1_000,
      priority: stored.crashes > 0 ? 1 : 0,
    });
  }

  /** Lets a taken message go, as it is and in its place, to be taken again after 1, 2, 4, … s, at most `mostWaitS`. */
  async release(queue: string, id: string, mostWaitS: number): Promise<void> {
    await this.inTime(() =>
      this.pool.query(
        `update ${schema}.job set state = 'created', start_after = now() + least(power(2, retry_count), $3) * interval '1 s'
         where name = $1 and id = $2 and state = 'active'`,
        [queue, id, mostWaitS],
      ),
    );
  }

  /** Moves a taken message to the dead letters of its queue, with all that is known about its end. Answers false when it had gone. */
  async bury(queue: string, { id, stored }: TakenMessage, letter: DeadLetter): Promise<boolean> {
    const { letterId, cause, reason, attempt, history } = letter;
    const death: Death = { cause, reason, attempt, diedAt: new Date().toISOString() };
    await this.ensureQueue(deadQueueOf(queue));
    return this.replace(queue, id, deadQueueOf(queue), { ...stored, history, death }, { id: letterId });
  }

  /** Every message of the queue that was taken and has no outcome yet. */
  async running(queue: string): Promise<RunningMessage[]> {
    const { rows } = await this.inTime(() =>
      this.pool.query<{ id: string; data: unknown; ageMs: number; serverRestarted: boolean }>(
        `select id, data, extract(epoch from now() - started_on)::float8 * 1000 as "ageMs",
                started_on < pg_postmaster_start_time() as "serverRestarted"
         from ${schema}.job where name = $1 and state = 'active'`,
        [queue],
      ),
    );
    return rows.map(({ data, ...row }) => ({ ...row, stored: storedIn(data) }));
  }

  /** Whether a message still waits for somebody to take it. */
  async isWaiting(queue: string, id: string): Promise<boolean> {
    const job = await this.inTime(() => this.boss.getJobById(queue, id));
    return job?.state === 'created';
  }

  /** Waiting, running and dead messages. */
  async depth(queue: string): Promise<QueueDepth> {
    const { rows } = await this.inTime(() =>
      this.pool.query<QueueDepth>(
        `select count(*) filter (where name = $1 and state < 'active')::int as waiting,
                count(*) filter (where name = $1 and state = 'active')::int as running,
                count(*) filter (where name = $2)::int as dead
         from ${schema}.job where name in ($1, $2)`,
        [queue, deadQueueOf(queue)],
      ),
    );
    return rows[0]!;
  }

  /** Makes the queue unless it is there. */
  async ensureQueue(queue: string): Promise<void> {
    const known = this.known.get(queue) ?? this.createQueue(queue);
    this.known.set(queue, known);
    try {
      await known;
    } catch (error) {
      this.known.delete(queue);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.inTime(async () => {
      await this.boss.stop({ graceful: false });
      await this.pool.end();
    });
  }

  private async insert(jobs: Addition[]): Promise<void> {
    await this.inTime(async () => {
      let inserted: number | null = 0;
      const counting: PgBoss.Db = {
        executeSql: async (text, values) => {
          const result = await this.pool.query(text, values);
          inserted = result.rowCount;
          return result;
        },
      };
      await this.boss.insert(jobs, { db: counting });
      if (inserted !== jobs.length) {
        // The others are there already, or somebody deleted their queue while we ran.
        await Promise.all(jobs.map((job) => this.insertAgain(job)));
      }
    });
  }

  private async insertAgain({ name, id, data }: Addition): Promise<void> {
    if (!(await this.boss.getQueue(name))) {
      this.known.delete(name);
      await this.ensureQueue(name);
    }
    await this.boss.send(name, data, { id });
  }

  private async createQueue(queue: string): Promise<void> {
    if (await this.inTime(() => this.boss.getQueue(queue))) {
      return;
    }
    // One after the other: each takes two connections of the few there are.
    this.creating = this.creating.catch(() => undefined).then(() => this.createNewQueue(queue));
    await this.creating;
  }

  private async createNewQueue(queue: string): Promise<void> {
    await this.inTime(async () => {
      // Creating makes a table: two processes at it at once would lock each other out.
      const client = await this.pool.connect();
      try {
        await client.query(`select pg_advisory_lock(hashtext('messages queue'))`);
        await this.boss.createQueue(queue, { name: queue, retentionMinutes });
      } finally {
        // Ending the session drops its lock, also after an error.
        client.release(true);
      }
    });
  }

  /** Exchanges a taken message for another form of itself in one transaction; does nothing when it has gone meanwhile. */
  private async replace(queue: string, id: string, target: string, data: object, options: PgBoss.SendOptions): Promise<boolean> {
    return this.inTime(async () => {
      const client = await this.pool.connect();
      const db = executing(client);
      try {
        await client.query('begin');
        const { affected } = (await this.boss.deleteJob(queue, id, { db })) as unknown as { affected: number };
        if (affected > 0) {
          await this.boss.send(target, data, { ...options, db });
        }
        await client.query('commit');
        client.release();
        return affected > 0;
      } catch (error) {
        client.release(true);
        throw error;
      }
    });
  }

  private async inTime<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline('The messages', deadlineMs, work());
    } catch (cause) {
      throw cause instanceof TemporaryError ? cause : new TemporaryError('The messages can not be reached', { cause });
    }
  }
}

function executing(connection: pg.Pool | pg.PoolClient): PgBoss.Db {
  return { executeSql: (text, values) => connection.query(text, values) };
}
