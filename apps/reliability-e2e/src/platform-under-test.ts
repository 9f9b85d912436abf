import { setTimeout as sleep } from 'node:timers/promises';
import { checkLedger, untilLedgerAgrees } from './check-ledger.js';
import type { Collector } from './collector.js';
import { eventually } from './eventually.js';
import { Fleet, type FleetSize } from './fleet.js';
import { brokenInvariants } from './invariants.js';
import { Ledger, type Intent } from './ledger.js';
import { PlatformData } from './platform-data.js';
import { queueLengths } from './queue-lengths.js';
import { ServersUnderTest } from './servers-under-test.js';
import { smallPhoto } from './small-photo.js';

/** Servers, processes, a client and the ledger of one suite. */
export class PlatformUnderTest {
  private photoCount = 0;
  private readonly drawn = new Map<number, Buffer>();

  private constructor(
    readonly servers: ServersUnderTest,
    readonly fleet: Fleet,
    readonly data: PlatformData,
    readonly ledger: Ledger,
    readonly collector: Collector,
  ) {}

  /** @param settings more variables of the environment, for every service; made from the servers' addresses where they need them */
  static async start(size: Partial<FleetSize>, settings: (servers: ServersUnderTest) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv> = () => ({})): Promise<PlatformUnderTest> {
    const servers = await ServersUnderTest.start();
    try {
      const fleet = await Fleet.start(servers, size, await settings(servers));
      return new PlatformUnderTest(servers, fleet, PlatformData.of(servers), new Ledger(servers.folder), await fleet.collector());
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Draws so many photos beforehand, so that drawing takes no time from what is measured later. */
  async drawPhotos(count: number): Promise<void> {
    for (let number = this.photoCount + 1; number <= this.photoCount + count; number += 1) {
      this.drawn.set(number, await smallPhoto(number));
    }
  }

  /** Uploads one small photo that nobody has uploaded before, as an item of its own. */
  async addItem(): Promise<Intent> {
    const number = ++this.photoCount;
    return this.collector.addItem(this.ledger, `item ${number}`, { photos: [this.drawn.get(number) ?? (await smallPhoto(number))] });
  }

  /** As many at once as `parallel` says. */
  async addItems(count: number, parallel: number): Promise<Intent[]> {
    const intents: Intent[] = [];
    const addSome = async (): Promise<void> => {
      while (count-- > 0) {
        intents.push(await this.addItem());
      }
    };
    await Promise.all(Array.from({ length: parallel }, addSome));
    return intents;
  }

  /** So many each second, however long each takes. */
  async addItemsEvenly(count: number, perSecond: number): Promise<Intent[]> {
    const startedAt = performance.now();
    const uploads: Promise<Intent>[] = [];
    for (let number = 0; number < count; number += 1) {
      await sleep(Math.max(0, startedAt + (number * 1_000) / perSecond - performance.now()));
      uploads.push(this.addItem());
    }
    return Promise.all(uploads);
  }

  /** Waits until every photo of these has its variants; answers the seconds that took. */
  untilAugmented(intents: readonly Intent[], timeoutMs?: number): Promise<number> {
    const photoIds = intents.flatMap(({ kept }) => kept?.photoIds ?? []);
    return eventually('every photo has its variants', async () => (await this.data.augmented(photoIds)) === photoIds.length, timeoutMs);
  }

  /** Waits until the ledger agrees with what is there and no message is on its way; then every invariant must hold. Throws with what does not. */
  async settle(timeoutMs?: number): Promise<void> {
    await untilLedgerAgrees(this.ledger, this.data, timeoutMs);
    await eventually('every message is sent', async () => (await this.data.unsent()) === 0, timeoutMs);
    await eventually('the broker holds none', async () => Object.keys(await this.queueLengths()).length === 0, timeoutMs, 250);
    // The last of them may have undone what was right.
    const differences = await checkLedger(this.ledger, this.data);
    const broken = await brokenInvariants(this.data);
    if (differences.length + broken.length > 0) {
      throw new Error(['After everything settled:', ...differences, ...broken].join('\n'));
    }
  }

  queueLengths(): Promise<Record<string, number>> {
    return queueLengths(this.servers, this.data);
  }

  async stop(): Promise<void> {
    await this.fleet.destroy();
    await this.data.close();
    await this.servers.stop();
  }
}
