import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as augmentation from '@repo/augmentation-data-access';
import * as collection from '@repo/collection-data-access';
import { LearningDatabase, openDatabase, runMigrations } from '@repo/database';
import { EmbeddedPostgres } from '@repo/database/embedded';
import * as identity from '@repo/identity-data-access';
import { newId } from '@repo/kernel';
import * as recognition from '@repo/recognition-data-access';
import { DiskObjectStore } from '@repo/storage/disk';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { median, timed } from './harness.mjs';

export const title = 'Classify a JPEG of 2 megapixels, 10,000 vectors in the index';

const VECTORS = 10_000;
const LOT = 500;
const ROUNDS = 60;
const WARM_UP = 15;
const AT_ONCE = 4;
const SECONDS = 8;
const [email, password] = ['bench@example.org', 'a password for benches'];
const stageNames = ['fetch', 'queue', 'decode', 'forward', 'search', 'names'];

export async function run({ row, note }) {
  const platform = await Platform.start(note);
  try {
    const photo = await drawPhoto();
    note(`one owner has all ${VECTORS} vectors; the photo has ${Math.round(photo.length / 1000)} kB; the service, PostgreSQL and this client share the machine`);
    const imagePath = 'uploads/bench.jpg';
    await platform.store.put('temp', imagePath, photo, 'image/jpeg');

    const stages = [];
    const classify = async () => stages.push((await platform.classify(imagePath)).stages);
    const rawForward = await rawForwardPass();
    const samples = { classifier: [], api: [], raw: [] };
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const measured = { classifier: await timed(classify), raw: await rawForward(), api: await timed(() => platform.classifyThroughApi(photo)) };
      if (round >= 0) {
        Object.entries(measured).forEach(([name, ms]) => samples[name].push(ms));
      }
    }
    const peer = { peer: samples.raw, peerName: 'forward pass alone' };
    row({ what: 'classifier, one at a time', unit: 'ms', better: 'lower', ours: samples.classifier, aim: 40, ...peer });
    for (const name of stageNames) {
      row({ what: `  of it ${name}`, unit: 'ms', better: 'lower', ours: median(stages.slice(WARM_UP).map((stage) => stage[name])) });
    }
    row({ what: 'through the API, one at a time', unit: 'ms', better: 'lower', ours: samples.api, aim: 80, ...peer });
    row({ what: `classifier, ${AT_ONCE} at once`, unit: 'photos/s', better: 'higher', ours: await rate(() => platform.classify(imagePath)), aim: 60 });
    row({ what: `through the API, ${AT_ONCE} at once`, unit: 'photos/s', better: 'higher', ours: await rate(() => platform.classifyThroughApi(photo)) });
  } finally {
    await platform.stop();
  }
}

/** Answers in a second, while so many are on their way at any time. */
async function rate(work) {
  const end = performance.now() + SECONDS * 1000;
  let answered = 0;
  const client = async () => {
    while (performance.now() < end) {
      await work();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return answered / SECONDS;
}

/** The network on an image that is decoded already, with nothing around it. */
async function rawForwardPass() {
  const backbone = await recognition.findBackbone({ configured: backbonePath() });
  const session = await ort.InferenceSession.create(await backbone.onnx(), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const { inputSize } = backbone.info;
  const image = new ort.Tensor('uint8', randomBytes(inputSize * inputSize * 3), [1, inputSize, inputSize, 3]);
  return () => timed(() => session.run({ image }));
}

function backbonePath() {
  const shared = fileURLToPath(new URL('../../shared/data/backbone/mobilenet_v2_1.0_224_notop.safetensors', import.meta.url));
  return process.env.OC_BACKBONE ?? (existsSync(shared) ? shared : undefined);
}

/** 1632 x 1224, with detail everywhere, about 460 kB. */
async function drawPhoto() {
  const size = { width: 1632, height: 1224 };
  const noise = await sharp({ create: { ...size, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 22 } } }).blur(1.1).png().toBuffer();
  const rings = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${Array.from({ length: 40 }, (_, i) => `<circle cx="${700 + i * 5}" cy="${600 - i * 3}" r="${560 - i * 14}" fill="hsl(${i * 37} 60% 50%)" fill-opacity=".5"/>`).join('')}</svg>`,
  );
  return sharp(noise).composite([{ input: rings }]).jpeg({ quality: 93 }).toBuffer();
}

/** Backend and classifier as they run, on a database and a folder of their own. */
class Platform {
  #children = [];

  static async start(note) {
    const platform = new Platform();
    platform.folder = await mkdtemp(path.join(tmpdir(), 'bench-classify-'));
    platform.postgres = await EmbeddedPostgres.start({ dataDir: platform.folder, databases: ['collection', 'learning'] });
    const [PORT, CLASSIFIER_PORT] = [await freePort(), await freePort()];
    platform.api = `http://127.0.0.1:${PORT}/api`;
    platform.classifier = `http://127.0.0.1:${CLASSIFIER_PORT}`;
    platform.serviceToken = randomBytes(32).toString('hex');
    const [linkSecret, objects] = [randomBytes(32).toString('hex'), path.join(platform.folder, 'objects')];
    platform.environment = {
      ...process.env,
      ...{ NODE_ENV: 'production', LOG_LEVEL: 'warn', PORT, CLASSIFIER_PORT, OC_DATA_DIR: platform.folder, OBJECTS_URL: '', OC_OBJECTS_DIR: objects, OC_LINK_SECRET: linkSecret },
      ...{ OC_SERVICE_TOKEN: platform.serviceToken, OC_JWT_SECRET: randomBytes(32).toString('hex'), OC_CLASSIFIER_URL: platform.classifier },
      ...{ COLLECTION_DATABASE_URL: platform.postgres.urlFor('collection'), LEARNING_DATABASE_URL: platform.postgres.urlFor('learning'), MESSAGES_URL: platform.postgres.urlFor('learning') },
      ...{ CACHE_URL: '', OC_MODEL_CACHE_DIR: path.join(platform.folder, 'models-cache'), OC_AUTH_EMAIL: email, OC_AUTH_PASSWORD: password, OC_TOKEN_MINUTES: '600', OC_REQUESTS_PER_MINUTE: '100000' },
      ...(backbonePath() && { OC_BACKBONE: backbonePath() }),
    };
    platform.store = new DiskObjectStore({ folder: objects, publicUrl: platform.api, linkSecret });
    if (!backbonePath()) {
      note('with the compact backbone: OC_BACKBONE names no other');
    }
    try {
      await platform.#prepare();
      await platform.#launch('backend');
      await platform.#signIn();
      await platform.#fill();
      await platform.#launch('classifier');
    } catch (error) {
      await platform.stop();
      throw error;
    }
    return platform;
  }

  async classify(imagePath) {
    const body = JSON.stringify({ imagePath, ownerId: this.ownerId, embedding: false });
    return answer(await fetch(`${this.classifier}/classify`, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: `Bearer ${this.serviceToken}` } }));
  }

  async classifyThroughApi(photo) {
    const body = new FormData();
    body.set('foto', new Blob([photo]), 'photo.jpg');
    return answer(await fetch(`${this.api}/Classificar`, { method: 'POST', body, headers: { authorization: `Bearer ${this.token}` } }));
  }

  async stop() {
    await Promise.all(this.#children.map((child) => (child.exitCode === null ? (child.kill(), once(child, 'exit')) : undefined)));
    await this.postgres?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #prepare() {
    for (const [database, parts] of [['collection', [identity, collection, recognition]], ['learning', [augmentation, recognition]]]) {
      const tables = (kind) => parts.flatMap((part) => part[`${database}${kind}`]);
      const source = await openDatabase(this.postgres.urlFor(database), { entities: tables('Entities'), migrations: tables('Migrations') });
      await runMigrations(source);
      await source.destroy();
    }
  }

  async #launch(name) {
    const script = fileURLToPath(new URL(`../apps/${name}/dist/main.js`, import.meta.url));
    const child = fork(script, { env: this.environment, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#children.push(child);
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
    ended.catch(() => {});
    await Promise.race([once(child, 'message'), ended]);
  }

  async #signIn() {
    const body = JSON.stringify({ email, password });
    const { token, user } = await answer(await fetch(`${this.api}/auth/login`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }));
    this.token = token;
    this.ownerId = user.id;
  }

  /** Items with one photo each, and vectors like those of real photos: no two alike, none opposite. */
  async #fill() {
    const [items, learning] = [await openDatabase(this.postgres.urlFor('collection'), { entities: [], migrations: [] }), await openDatabase(this.postgres.urlFor('learning'), { entities: [], migrations: [] })];
    const embeddings = new recognition.SqlEmbeddingStore(new LearningDatabase(learning));
    const space = (await recognition.findBackbone({ configured: backbonePath() })).info.id;
    const categoryId = newId();
    await items.query('INSERT INTO "Categoria" ("id", "ownerId", "nome", "nomeNormalizado", "settings", "createdAt") VALUES ($1, $2, \'Moedas\', \'moedas\', \'{}\', now())', [categoryId, this.ownerId]);
    for (let start = 0; start < VECTORS; start += LOT) {
      const rows = Array.from({ length: LOT }, () => ({ itemId: newId(), photoId: newId() }));
      const ids = [rows.map(({ itemId }) => itemId), rows.map(({ photoId }) => photoId)];
      await items.query('INSERT INTO "Items" ("id", "ownerId", "nome", "categoriaId", "createdAt") SELECT id, $2, \'moeda\', $3, now() FROM unnest($1::uuid[]) AS given(id)', [ids[0], this.ownerId, categoryId]);
      await items.query(
        `INSERT INTO "Fotos" ("id", "itemId", "ownerId", "caminho", "sha256", "bytes", "largura", "altura", "posicao", "createdAt")
         SELECT photo, item, $3, 'item/' || item || '/' || photo || '.jpg', repeat('a', 64), 1, 1, 1, 0, now() FROM unnest($1::uuid[], $2::uuid[]) AS given(item, photo)`,
        [...ids, this.ownerId],
      );
      await Promise.all(rows.map(({ itemId, photoId }) => embeddings.savePhoto(space, { photoId, itemId, ownerId: this.ownerId, sha256: 'a'.repeat(64), vector: randomVector() })));
    }
    await Promise.all([items.destroy(), learning.destroy()]);
  }
}

async function answer(response) {
  if (!response.ok) {
    throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  }
  return response.json();
}

function randomVector() {
  const vector = Float32Array.from({ length: 1280 }, () => Math.max(0, Math.random() - 0.3));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}
