import { readdir } from 'node:fs/promises';
import { drawSample } from '@repo/samples';
import { AllServers, installedServers } from '@repo/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, PlatformUnderTest } from './platform-under-test.js';
import type { Item } from './public-door.js';
import { walkTheRoad } from './walk-the-road.js';

const { missing } = installedServers();

describe.skipIf(missing.length > 0)('with two backends and two augmentation services on RabbitMQ, PostgreSQL, Ceph and Redis', () => {
  let servers: AllServers;
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    servers = await AllServers.start();
    platform = await PlatformUnderTest.create({ settings: servers.environment, copies: { backends: 2, augmentations: 2 } });
    await platform.start();
  });
  afterAll(async () => {
    await platform?.destroy();
    await servers?.stop();
  });

  walkTheRoad(() => platform);

  it('had both backends and both augmentation services at work', async () => {
    // The restart at the end of the road began the counters anew.
    const photos = await Promise.all(Array.from({ length: 12 }, async (_, item) => new Uint8Array(await drawSample('stamps', item, 0, 320, 'studio'))));
    await Promise.all(photos.map((photo, item) => platform.door.createItem(`both ${item}`, 'Selos', photo)));
    for (const port of platform.augmentationPorts) {
      await eventually(`the augmentation service on port ${port} made variants`, async () => (await metric(port, 'augmentations_count{state="valid"}')) > 0);
    }
    for (const port of platform.backendPorts) {
      expect(await metric(port, 'http_request_duration_seconds_count{method="POST",route="/api/Items",status="201"}')).toBe(6);
    }
  });

  it('embeds nothing', async () => {
    expect(platform.processes().filter(({ command }) => /postgres/.test(command))).toEqual([]);
    expect((await readdir(platform.dataDir)).filter((name) => !name.startsWith('.lock-')).sort()).toEqual(['logs', 'models-cache', 'secrets.json']);
  });

  it('links to photos on the S3 itself, whoever holds the link', async () => {
    const { body } = await platform.door.get<Item[]>('/Items?limit=1');
    const link = new URL(body[0]?.fotos[0] ?? '');
    expect(link.port).toBe(String(servers.s3.port));
    expect((await fetch(link)).headers.get('Content-Type')).toBe('image/jpeg');
    link.search = '';
    expect((await fetch(link)).status).toBe(403);
  });

  it('goes on with one backend while the other is killed and started again', async () => {
    const [first, second] = platform.backendPorts as [number, number];
    const [killed, other] = [platform.doorTo(first), platform.doorTo(second)];
    await Promise.all([killed.signIn(), other.signIn()]);
    const before = platform.service('backend', first);
    process.kill(before ?? Number.NaN, 'SIGKILL');

    let answers = 0;
    const seconds = await eventually('it serves again', async () => {
      expect((await other.get('/Items?limit=1')).status).toBe(200);
      answers += 1;
      return killed.get('/Items?limit=1').then(({ status }) => status === 200, () => false);
    });
    console.log(`the killed backend served again after ${seconds.toFixed(1)} s; the other gave ${answers} answers meanwhile`);
    expect(platform.service('backend', first)).not.toBe(before);
    expect(answers).toBeGreaterThan(2);
  });
});

/** One line of a service's metrics; 0 where it has not been counted yet. */
async function metric(port: number, line: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(page.split('\n').find((one) => one.startsWith(line))?.slice(line.length) ?? 0);
}
