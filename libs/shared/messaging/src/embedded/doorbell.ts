import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TemporaryError, withDeadline } from '@repo/kernel';
import pg from 'pg';

const channel = 'messages_ready';
const deadlineMs = 10_000;
const reconnectAfterMs = 500;

/** Marks a session as a consumer of a queue: an advisory lock, which PostgreSQL drops when the session ends. */
const consumerMark = `hashtext('messages consumer'), hashtext($1)`;

/**
 * One lasting session beside the pool. It rings when a queue gets a message (LISTEN/NOTIFY), so that
 * delivery takes milliseconds, and it shows the database which queues this process consumes: the marks
 * vanish in the moment the process dies, however it dies. Rings may get lost; whoever waits for one polls besides.
 */
export class Doorbell {
  private readonly logger = new Logger('messages');
  private readonly consumed = new Set<string>();
  private readonly toRing = new Set<string>();
  private session?: pg.Client;
  private ringing = false;
  private closed = false;

  /** Gets the name that somebody rang, e.g. a queue's. */
  onRing: (name: string) => void = () => undefined;

  private constructor(private readonly url: string) {}

  static async open(url: string): Promise<Doorbell> {
    const doorbell = new Doorbell(url);
    await doorbell.connect();
    return doorbell;
  }

  /** Tells every process that listens. Many rings for one name while one is on its way become a single one. */
  ring(name: string): void {
    this.toRing.add(name);
    if (!this.ringing) {
      void this.ringAll();
    }
  }

  /** Registers this process as a consumer of the queue, also after a reconnection. */
  async markAsConsumer(queue: string): Promise<void> {
    this.consumed.add(queue);
    await this.query(`select pg_advisory_lock_shared(${consumerMark})`, [queue]);
  }

  /** Whether another session consumes the queue. */
  async hasOtherConsumers(queue: string): Promise<boolean> {
    const { rows } = await this.query(
      `select exists (
         select from pg_locks
         where locktype = 'advisory' and granted and pid <> pg_backend_pid()
           and database = (select oid from pg_database where datname = current_database())
           and (classid, objid) = (select a::oid, b::oid from (values (${consumerMark})) as mark(a, b))
       ) as others`,
      [queue],
    );
    return (rows[0] as { others: boolean }).others;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.session?.end();
  }

  private async query(text: string, values: unknown[]): Promise<pg.QueryResult> {
    if (!this.session) {
      throw new TemporaryError('The messages have no session with the database at the moment');
    }
    return withDeadline('The messages', deadlineMs, this.session.query(text, values));
  }

  private async ringAll(): Promise<void> {
    this.ringing = true;
    while (this.toRing.size > 0) {
      const names = [...this.toRing];
      this.toRing.clear();
      // A ring that fails is found by the next poll.
      await this.query('select pg_notify($1, name) from unnest($2::text[]) as name', [channel, names]).catch(() => undefined);
    }
    this.ringing = false;
  }

  private async connect(): Promise<void> {
    const session = new pg.Client({
      connectionString: this.url,
      application_name: 'messages doorbell',
      connectionTimeoutMillis: deadlineMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: deadlineMs,
    });
    session.on('notification', ({ payload }) => this.onRing(payload ?? ''));
    session.on('error', () => session.end().catch(() => undefined));
    session.once('end', () => this.lose(session));
    try {
      await withDeadline('The messages', deadlineMs, this.introduce(session));
    } catch (error) {
      session.end().catch(() => undefined);
      throw error;
    }
    this.session = session;
  }

  private async introduce(session: pg.Client): Promise<void> {
    await session.connect();
    await session.query(`listen ${channel}`);
    for (const queue of this.consumed) {
      await session.query(`select pg_advisory_lock_shared(${consumerMark})`, [queue]);
    }
  }

  private lose(session: pg.Client): void {
    if (this.session !== session || this.closed) {
      return;
    }
    this.session = undefined;
    this.logger.warn('the session with the message database ended, connecting again');
    void this.reconnect();
  }

  private async reconnect(): Promise<void> {
    while (!this.closed && !this.session) {
      await sleep(reconnectAfterMs);
      await this.connect().catch(() => undefined);
    }
    if (this.closed) {
      await this.session?.end();
    }
  }
}
