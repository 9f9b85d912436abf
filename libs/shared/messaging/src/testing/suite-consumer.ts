import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { done } from '@repo/kernel';
import { DeadLetterSink, type DeadLetter } from '../dead-letter.js';
import type { MessageBus } from '../message-bus.js';
import { suiteCommand } from './suite-command.js';

type Report =
  | { kind: 'ready' }
  | { kind: 'begun'; n: number; attempt: number }
  | { kind: 'finished'; n: number }
  | { kind: 'dead'; letter: DeadLetter };

/** A consumer in a process of its own, as the suite sees it. */
export interface ConsumerProcess {
  readonly begun: { n: number; attempt: number }[];
  readonly finished: number[];
  readonly deadLetters: DeadLetter[];
  readonly ended: Promise<void>;
  /** By SIGKILL unless told otherwise. */
  kill(signal?: NodeJS.Signals): void;
}

/** Starts a compiled script that calls `consumeSuite`, and waits until it consumes. */
export async function startConsumerProcess(script: string, ...args: string[]): Promise<ConsumerProcess> {
  // Without the test runner's own flags, which would lead it to the sources.
  const child = fork(script, args, { execArgv: [] });
  const begun: ConsumerProcess['begun'] = [];
  const finished: number[] = [];
  const deadLetters: DeadLetter[] = [];
  const ended = once(child, 'exit').then(() => undefined);
  const ready = new Promise<void>((resolve) => {
    child.on('message', (report: Report) => {
      switch (report.kind) {
        case 'ready':
          return resolve();
        case 'begun':
          return begun.push({ n: report.n, attempt: report.attempt });
        case 'finished':
          return finished.push(report.n);
        case 'dead':
          return deadLetters.push(report.letter);
      }
    });
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`${script} ended before it consumed`)))]);
  return { begun, finished, deadLetters, ended, kill: (signal = 'SIGKILL') => child.kill(signal) };
}

/** The other side: works on the suite's messages as their bodies say, until it is killed. */
export async function consumeSuite(open: (deadLetters: DeadLetterSink) => Promise<MessageBus>, queue: string, parallel: number): Promise<void> {
  process.once('disconnect', () => process.exit());
  const bus = await open({ record: async (letter) => tell({ kind: 'dead', letter }) });
  await bus.subscribe(
    suiteCommand(queue),
    async ({ n, does }, { attempt }) => {
      tell({ kind: 'begun', n, attempt });
      if (does === 'hang') {
        await new Promise(() => undefined);
      }
      // Long enough that those who were taken together run together.
      await sleep(300);
      if (does === 'die') {
        process.kill(process.pid, 'SIGKILL');
      }
      tell({ kind: 'finished', n });
      return done();
    },
    { parallel },
  );
  tell({ kind: 'ready' });
}

/** Takes the dead letters of a queue, and dies before one is kept. */
export async function watchSuite(open: (deadLetters: DeadLetterSink) => Promise<MessageBus>, queue: string): Promise<void> {
  process.once('disconnect', () => process.exit());
  const bus = await open({ record: async () => {} });
  await bus.watchDeadLetters(queue, (letter) => {
    tell({ kind: 'dead', letter });
    return new Promise(() => undefined);
  });
  tell({ kind: 'ready' });
}

function tell(report: Report): void {
  process.send?.(report);
}
