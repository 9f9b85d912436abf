import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { S3Server } from '@repo/servers';
import { DiskObjectStore } from '@repo/storage/disk';
import { S3ObjectStore } from '@repo/storage/s3';
import { Client } from 'minio';
import { alternate } from './harness.mjs';

export const title = 'Objects of 100 kB, ten at once: ours with deadline, budget and checksums, the peer the bare driver';

const objects = 200;
const atOnce = 10;
const body = randomBytes(100_000);

export async function run({ row, note }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-objects-'));
  try {
    const disk = new DiskObjectStore({ folder, publicUrl: 'http://127.0.0.1', linkSecret: 'of no use here' });
    await compare({ where: 'disk', store: disk, row });
    if (S3Server.isInstalled()) {
      await compareOnCeph(row);
    } else {
      note('Ceph is not installed: only the disk was measured');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareOnCeph(row) {
  const server = await S3Server.start();
  try {
    const store = new S3ObjectStore({ url: server.url });
    await store.prepare();
    const { port, username: accessKey, password: secretKey } = new URL(server.url);
    const transportAgent = new Agent({ keepAlive: true, maxSockets: atOnce }); // as ours has, else it connects anew each time
    const driver = new Client({ endPoint: '127.0.0.1', port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1', transportAgent });
    await compare({
      where: 'Ceph',
      store,
      peer: { put: (key) => driver.putObject('original', key, body, body.length), get: async (key) => buffer(await driver.getObject('original', key)) },
      row,
    });
  } finally {
    await server.stop();
  }
}

async function compare({ where, store, peer, row }) {
  const ours = { put: (key) => store.put('original', key, body, 'image/jpeg'), get: (key) => store.get('original', key) };
  for (const what of ['put', 'get']) {
    const samples = await alternate({ ours: () => forAll(ours[what], 'ours'), peer: peer && (() => forAll(peer[what], 'peer')), rounds: 5 });
    const rates = (times) => times?.map((ms) => (objects / ms) * 1_000);
    row({ what: `${where}: ${what}`, ours: rates(samples.ours), peer: rates(samples.peer), peerName: 'minio', unit: 'objects/s', better: 'higher' });
  }
}

async function forAll(work, whose) {
  const keys = Array.from({ length: objects }, (_, number) => `bench/${whose}/${number}.bin`);
  const next = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      await work(key);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}
