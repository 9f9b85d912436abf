import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakePlatform } from '../testing/fake-platform.js';
import { runCommand } from '../testing/run-command.js';
import { train } from './train.js';

let platform: FakePlatform;
beforeEach(async () => {
  platform = await FakePlatform.start();
  platform.on('POST /Training', () => ({ status: 202, body: { id: 'run-1' } }));
});
afterEach(() => platform.stop());

const run = (...more: string[]) => runCommand(train, ['--url', platform.url, '--email', 'ana@example.org', '--password', 'right', ...more]);

function streams(...trainings: object[]) {
  platform.on('GET /Training/run-1/events', () => ({ raw: trainings.map((training) => `data: ${JSON.stringify(training)}\n\n`).join('') }));
}

it('shows the phases, each epoch once, and what was reached', async () => {
  const epoch = (n: number) => ({ epoch: n, epochs: 100, loss: 1 / n, accuracy: 0.5, val_loss: 2 / n, val_accuracy: 0.25 });
  streams(
    { id: 'run-1', status: 'queued' },
    { id: 'run-1', status: 'running', progress: { phase: 'waiting', percent: 5, photosAugmenting: 3, epochs: [] } },
    { id: 'run-1', status: 'running', progress: { phase: 'training', percent: 50, epochs: [epoch(1)] } },
    { id: 'run-1', status: 'running', progress: { phase: 'training', percent: 60, epochs: [epoch(1), epoch(2)] } },
    { id: 'run-1', status: 'done', modelVersion: 'v7', progress: { phase: 'announcing', percent: 100, epochs: [epoch(1), epoch(2)], leftOut: [{ label: 'selos', photos: 3, items: 3 }] } },
  );
  platform.on('GET /Models/v7', () => ({ body: { version: 'v7', metrics: { accuracy: 0.875, macroF1: 0.86, ece: 0.04, loss: 0.31 }, perClass: [{ label: 'moedas', precision: 1, recall: 0.9, f1: 0.947, support: 10 }] } }));
  const { code, output } = await run('--motivo', '60 new coins');
  expect(code).toBe(0);
  expect(platform.callsTo('POST /Training')[0]?.fields).toEqual({ motivo: '60 new coins' });
  expect(output).toContain('Waiting for the variants');
  expect(output.match(/1\/100/g)).toHaveLength(1);
  expect(output).toMatch(/2\/100\s+0\.5000\s+50\.0 %\s+1\.0000\s+25\.0 %/);
  expect(output).toContain('Trained: version v7');
  expect(output).toContain('Too few photos or items to be learnt: selos (3)');
  expect(output).toMatch(/87\.5 %.*86\.0 %.*4\.0 %.*0\.310/);
  expect(output).toMatch(/moedas.*100\.0 %.*90\.0 %.*94\.7 %.*10/);
});

it.each([
  ['the full backbone', { id: 'net', quality: 'full' }, /These figures are for the full backbone \(net\)\.\s*$/],
  ['the compact one, and how to get a better one', { id: 'net', quality: 'compact' }, /for the compact backbone \(net\)\.\n.*npm run backbone -- pull, or set OC_BACKBONE/],
])('says that the figures are for %s', async (_, backbone, expected) => {
  streams({ id: 'run-1', status: 'done', modelVersion: 'v7' });
  platform.on('GET /Models/v7', () => ({ body: { version: 'v7', backbone } }));
  expect((await run()).output).toMatch(expected);
});

it.each([undefined, { id: 'net' }])('says nothing of a backbone that is not known: %j', async (backbone) => {
  streams({ id: 'run-1', status: 'done', modelVersion: 'v7' });
  platform.on('GET /Models/v7', () => ({ body: { version: 'v7', backbone } }));
  expect((await run()).output).not.toContain('backbone');
});

it.each([
  ['refused', 'Refused: too few photos'],
  ['failed', 'Failed: too few photos'],
  ['cancelled', 'Cancelled: too few photos'],
])('says why a training was %s', async (status, expected) => {
  streams({ id: 'run-1', status, reason: 'too few photos' });
  const { code, output } = await run();
  expect([code, output]).toEqual([1, expect.stringContaining(expected)]);
});
