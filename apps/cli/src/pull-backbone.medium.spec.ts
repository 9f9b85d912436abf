import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFile } from '@repo/kernel';
import { drawMobileNetV2, kerasLayers, writeKerasFile } from '@repo/recognition-data-access/testing';
import { convertWeights, encodeSafetensors, findBackbone, leastLikeness, likenessToShipped, type Safetensors } from '@repo/recognition-data-access/weights';
import { drawSample, sampleKinds } from '@repo/samples';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backboneCommand } from './commands/backbone.js';
import { runCommand } from './testing/run-command.js';

/** What the server has: weights as Keras publishes them; those of another network. */
let keras: Buffer;
let otherKeras: Buffer;
/** What comes with the platform here: the same network, in our form. */
let compact: Buffer;
beforeAll(async () => {
  const drawn = drawMobileNetV2(0.35, 224);
  keras = await writeKerasFile(kerasLayers(drawn));
  otherKeras = await writeKerasFile(kerasLayers(drawn, 1));
  compact = encodeSafetensors({ ...drawn, metadata: { input_size: '224', licence: 'MIT' } });
});

let folder: string;
let server: Server;
let requests: number;
let answer: RequestListener;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'oc-pull-'));
  await mkdir(path.join(folder, 'shipped'));
  await writeFile(path.join(folder, 'shipped', 'compact.safetensors'), compact);
  requests = 0;
  answer = (_, response) => void response.end(keras);
  server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await rm(folder, { recursive: true });
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.h5`;
const data = () => path.join(folder, 'data');
const place = (name = 'mobilenet_v2_1.0_224.safetensors') => path.join(data(), 'backbone', name);
const lying = async () => (await readdir(path.join(data(), 'backbone')).catch(() => [])).sort();

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const command = backboneCommand({ address: address(), shippedFolder: path.join(folder, 'shipped'), silenceMs: 5_000, pausesMs: [1, 1] });
  return runCommand(command, args, folder, { OC_DATA_DIR: data(), ...environment });
}
const pull = (...args: string[]) => run(['pull', ...args]);
const backboneInUse = async () => (await findBackbone({ dataFolder: data(), shippedFolder: path.join(folder, 'shipped') })).info;

it('puts Keras\'s weights where the platform looks for them', async () => {
  const { code, output } = await pull();
  expect([code, output]).toEqual([0, expect.stringContaining(`Put in place: ${place()}`)]);
  expect(output).toContain('Restart npm start');
  expect(await lying()).toEqual([path.basename(place())]);
  expect(await backboneInUse()).toMatchObject({ origin: 'data folder', path: place(), inputSize: 224, licence: 'Apache-2.0' });
  expect((await convertWeights(await readFile(place()))).metadata).toEqual({ input_size: '224', licence: 'Apache-2.0', source: address() });
});

it('does nothing when they are there already', async () => {
  await pull();
  const before = await readFile(place());
  expect(await pull()).toEqual({ code: 0, output: expect.stringContaining(`Already there, and right: ${place()}`) as string });
  expect(requests).toBe(1);
  expect((await readFile(place())).equals(before)).toBe(true);
});

it('takes a file of Keras\'s or of ours that was fetched elsewhere', async () => {
  await writeFile(path.join(folder, 'elsewhere.h5'), keras);
  await writeFile(path.join(folder, 'ours.safetensors'), compact);
  expect((await pull('--from', 'elsewhere.h5')).code).toBe(0);
  expect((await convertWeights(await readFile(place()))).metadata).toEqual({ input_size: '224', licence: 'Apache-2.0', source: 'elsewhere.h5' });
  expect((await pull('--from', 'elsewhere.h5')).output).toContain('Already there');
  expect(await pull('--trust', '--from', 'ours.safetensors')).toEqual({ code: 1, output: expect.stringContaining('it holds other weights') as string });
  expect((await pull('--trust', '--from', 'ours.safetensors', '--force')).code).toBe(0);
  expect((await convertWeights(await readFile(place()))).metadata).toEqual({ input_size: '224', licence: 'MIT', source: 'ours.safetensors' });
  expect(requests).toBe(0);
});

it('says why a file can\'t be taken', async () => {
  await writeFile(path.join(folder, 'vast.h5'), '');
  await truncate(path.join(folder, 'vast.h5'), 64_000_001);
  expect(await pull('--from', 'vast.h5')).toEqual({ code: 1, output: expect.stringContaining('more than 64 MB') as string });
  await expect(pull('--from', 'none.h5')).rejects.toThrow(`The file ${path.join(folder, 'none.h5')} can't be read (ENOENT)`);
});

it('keeps no key that stands in the address', async () => {
  expect((await pull('--trust', '--from', `${address()}?key=secret`)).code).toBe(0);
  expect((await convertWeights(await readFile(place()))).metadata.source).toBe(address());
});

const send = (file: () => Buffer): RequestListener => (_, response) => void response.end(file());

it.each<[string, RequestListener, number, string]>([
  ['a page instead', send(() => Buffer.from('<!DOCTYPE html><title>Sign in to this network</title>')), 1, 'begin with "<!DOCTYPE html>'],
  ['a file that is cut off', send(() => keras.subarray(0, 1_000_000)), 1, 'cut off or damaged'],
  ['another network', send(() => otherKeras), 1, 'These are not the weights meant'],
  ['too much', (_, response) => void response.writeHead(200, { 'content-length': 70_000_000 }).flushHeaders(), 1, 'more than 64 MB'],
  ['no such file', (_, response) => void response.writeHead(404).end(), 1, 'the server answered 404 Not Found'],
  ['no answer', (request) => void request.socket.destroy(), 3, 'could not be fetched'],
])('changes nothing when what comes is %s', async (_, listener, expected, reason) => {
  answer = listener;
  const { code, output } = await pull();
  expect([code, output]).toEqual([expected, expect.stringContaining(reason)]);
  expect(output).toContain('Nothing was changed');
  expect(await lying()).toEqual([]);
  expect((await backboneInUse()).origin).toBe('shipped');
});

it('takes weights of one\'s own where they are trusted, without giving them a licence', async () => {
  answer = send(() => otherKeras);
  expect((await pull('--trust')).code).toBe(0);
  expect((await convertWeights(await readFile(place()))).metadata).toEqual({ input_size: '224', source: address() });
});

it('takes nothing on trust where there is nothing to compare with', async () => {
  await rm(path.join(folder, 'shipped', 'compact.safetensors'));
  expect(await pull()).toEqual({ code: 1, output: expect.stringContaining('not there to compare with') as string });
  expect((await pull('--trust')).code).toBe(0);
});

describe('where weights lie already', () => {
  beforeEach(() => mkdir(path.dirname(place()), { recursive: true }));

  it.each<[string, () => Buffer, string]>([
    ['one\'s own', () => compact, 'it came from ?'],
    ['damaged ones', () => compact.subarray(0, 500_000), 'should take'],
    ['none at all', () => Buffer.alloc(0), 'Not a safetensors file'],
  ])('leaves %s alone, and replaces them when forced', async (_, file, reason) => {
    const other = place('a.safetensors'); // it would be taken first
    await writeFile(other, file());
    const { code, output } = await pull('--trust');
    expect([code, output]).toEqual([1, expect.stringContaining(reason)]);
    expect(output).toContain('--force');
    expect([requests, await lying()]).toEqual([0, ['a.safetensors']]);

    expect((await pull('--force', '--trust')).output).toContain(`kept, unused: ${other}.replaced`);
    expect((await readFile(`${other}.replaced`)).equals(file())).toBe(true);
    expect(await backboneInUse()).toMatchObject({ path: place(), inputSize: 224 });
  });

  it('does not call right what answers otherwise by now', async () => {
    const { tensors } = await convertWeights(otherKeras);
    await writeFile(place(), encodeSafetensors({ tensors, metadata: { source: address() } }));
    expect(await pull()).toEqual({ code: 1, output: expect.stringContaining('These are not the weights meant') as string });
  });

  it('keeps them when the new ones are refused', async () => {
    await writeFile(place(), compact);
    answer = send(() => otherKeras);
    expect((await pull('--force')).code).toBe(1);
    expect((await readFile(place())).equals(compact)).toBe(true);
  });
});

it('says so when the folder can\'t be written', async () => {
  await writeFile(data(), 'a file, not a folder');
  expect(await pull('--trust')).toEqual({ code: 1, output: expect.stringMatching(/can't be written \((ENOTDIR|EEXIST)\)/) as string });
});

it('changes nothing after Ctrl-C', async () => {
  await writeFile(path.join(folder, 'elsewhere.h5'), keras);
  const command = backboneCommand({ address: address(), silenceMs: 5_000, pausesMs: [] });
  const stopped = AbortSignal.abort(new Error('Ctrl-C'));
  await expect(runCommand(command, ['pull', '--trust', '--from', 'elsewhere.h5'], folder, { OC_DATA_DIR: data() }, stopped)).rejects.toThrow('Ctrl-C');
  expect(await lying()).toEqual([]);
});

it('says so when OC_BACKBONE goes before', async () => {
  expect((await run(['pull', '--trust'], { OC_BACKBONE: '/mine.safetensors' })).output).toContain('OC_BACKBONE names /mine.safetensors');
});

describe('killed at any moment', () => {
  function start() {
    const arguments_ = [builtFile(import.meta.url, './main.js'), 'backbone', 'pull', '--trust', '--from', address()];
    return spawn(process.execPath, arguments_, { env: { PATH: process.env['PATH'], OC_DATA_DIR: data() }, stdio: 'ignore' });
  }
  async function kill(child: ReturnType<typeof start>) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('leaves nothing while it fetches', async () => {
    const half = new Promise<void>((resolve) => {
      answer = (_, response) => response.writeHead(200, { 'content-length': keras.length }).write(keras.subarray(0, keras.length / 2), () => resolve());
    });
    const child = start();
    await half;
    await kill(child);
    expect((await backboneInUse()).origin).toBe('shipped');
  });

  it('leaves nothing or all while it writes', async () => {
    await mkdir(path.dirname(place()), { recursive: true });
    const watcher = watch(path.dirname(place()));
    const written = once(watcher, 'change');
    const child = start();
    await written;
    await kill(child);
    watcher.close();
    expect(['shipped', 'data folder']).toContain((await backboneInUse()).origin); // a file that is cut off would throw
    expect((await pull('--force', '--trust')).code).toBe(0);
    expect(await lying()).toEqual([path.basename(place())]); // no remains
  });
});

describe('which backbone is used', () => {
  it.each([
    ['the compact one, and how to get the full one', async () => {}, {}, 0, /comes with the platform\nFile +.*compact\.safetensors\nInput +224 x 224 px\nLicence +MIT\nId +mobilenetv2-224[^]*npm run backbone -- pull/],
    ['the one in the data folder', () => pull('--trust'), {}, 0, /in the data folder\nFile .*mobilenet_v2_1\.0_224\.safetensors\nInput +224 x 224 px\nLicence +-\nId +mobilenetv2-224-[^\n]+\n$/],
    ['that there is none', () => rm(path.join(folder, 'shipped', 'compact.safetensors')), {}, 1, /weights that come with the platform are missing in .*shipped[^]*set OC_BACKBONE/],
    ['that the configured file is missing', async () => {}, { OC_BACKBONE: '/none.safetensors' }, 1, /The backbone \/none\.safetensors can't be used: ENOENT[^]*Correct OC_BACKBONE/],
    ['that one\'s own is damaged', async () => {
      await mkdir(path.dirname(place()), { recursive: true });
      await writeFile(place(), 'x');
    }, {}, 1, /can't be used: Not a safetensors file[^]*pull --force/],
  ])('says %s', async (_, prepare, environment, expected, said) => {
    await prepare();
    const { code, output } = await run([], environment);
    expect([code, output]).toEqual([expected, expect.stringMatching(said)]);
    expect(await run(['which'], environment)).toEqual({ code, output });
  });

  it.each([['fetch'], ['train']])('knows no verb %s', async (verb) => {
    await expect(run([verb])).rejects.toThrow(`There is no command "backbone -- ${verb}"`);
  });
});

const imageNet = fileURLToPath(new URL('../../../../shared/data/backbone/mobilenet_v2_1.0_224_notop.safetensors', import.meta.url));
const shipped = fileURLToPath(new URL('../../../libs/recognition/data-access/assets/', import.meta.url));

describe.skipIf(!existsSync(imageNet) || !existsSync(shipped))('with the weights learnt from ImageNet (else ../shared/data is not there)', () => {
  let weights: Safetensors;
  let photos: Buffer[];
  beforeAll(async () => {
    weights = await convertWeights(await readFile(imageNet));
    photos = await Promise.all(sampleKinds.flatMap((kind) => [0, 1].map((seed) => drawSample(kind, seed, seed, 320))));
  });

  /** The same tensors, the output channels of one layer in another order. */
  function shuffled(layer: string): Safetensors {
    const tensors = new Map(weights.tensors);
    for (const part of ['kernel', 'bias']) {
      const { shape, data: values } = tensors.get(`${layer}/${part}`)!;
      const channels = shape.at(-1)!;
      tensors.set(`${layer}/${part}`, { shape, data: values.map((_, i) => values[i - (i % channels) + ((i + 1) % channels)]!) });
    }
    return { ...weights, tensors };
  }

  it('knows them from all others', { timeout: 300_000 }, async () => {
    expect(await likenessToShipped(weights, photos)).toBeGreaterThan(leastLikeness + 0.05);
    for (const other of [drawMobileNetV2(1, 224), shuffled('Conv_1'), shuffled('block_10_expand'), shuffled('block_3_project')]) {
      expect(await likenessToShipped(other, photos)).toBeLessThan(leastLikeness - 0.05);
    }
  });

  it('takes them from Keras\'s file without a change', { timeout: 300_000 }, async () => {
    const file = path.join(folder, 'imagenet.h5');
    await writeFile(file, await writeKerasFile(kerasLayers(weights)));
    const command = backboneCommand({ address: address(), silenceMs: 5_000, pausesMs: [] });
    expect((await runCommand(command, ['pull', '--from', file], folder, { OC_DATA_DIR: data() })).code).toBe(0);
    const pulled = await convertWeights(await readFile(place()));
    expect([...pulled.tensors.keys()].sort()).toEqual([...weights.tensors.keys()].sort());
    for (const [name, { shape, data: values }] of weights.tensors) {
      const tensor = pulled.tensors.get(name)!;
      expect(tensor.shape).toEqual(shape);
      expect(tensor.data.every((value, i) => Math.abs(value - values[i]!) <= 1e-6 * Math.abs(values[i]!) + 1e-9)).toBe(true);
    }
  });
});
