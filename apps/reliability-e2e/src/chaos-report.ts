import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChaosSeed } from './chaos-seed.js';
import type { RateSampler } from './rate-sampler.js';
import { serverChoice } from './servers-under-test.js';

const folder = fileURLToPath(new URL('../../../data/chaos/', import.meta.url));

/** What a run did to the platform, when, and what came of it; written as Markdown for people and as JSON. */
export class ChaosReport {
  private readonly startedAt = Date.now();
  private readonly events: { second: number; event: string }[] = [];
  private readonly figures: Record<string, string | number> = {};
  private readonly rates: Record<string, { second: number; rate: number }[]> = {};

  constructor(
    private readonly name: string,
    private readonly seed: ChaosSeed,
  ) {}

  /** Something that was done to the platform, or that it did. */
  note(event: string): void {
    const second = (Date.now() - this.startedAt) / 1_000;
    this.events.push({ second, event });
    console.log(`${second.toFixed(1).padStart(7)} s  ${event}`);
  }

  figure(name: string, value: string | number): void {
    this.figures[name] = typeof value === 'number' ? Math.round(value * 100) / 100 : value;
    console.log(`           ${name}: ${this.figures[name]}`);
  }

  /** The rate over each 5 s of the run. */
  rateOverTime(name: string, sampler: RateSampler): void {
    const points: { second: number; rate: number }[] = [];
    for (let from = this.startedAt; from < Date.now(); from += 5_000) {
      points.push({ second: (from - this.startedAt) / 1_000, rate: Math.round(sampler.rate(from, from + 5_000) * 10) / 10 });
    }
    this.rates[name] = points;
  }

  /** Answers the path of the Markdown file. */
  write(): string {
    mkdirSync(folder, { recursive: true });
    const base = path.join(folder, `${this.name}-${new Date(this.startedAt).toISOString().replace(/[:.]/g, '-')}`);
    const machine = `${os.cpus().length} cores ${os.cpus()[0]?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`;
    const { startedAt, seed, events, figures, rates } = this;
    writeFileSync(`${base}.json`, JSON.stringify({ name: this.name, startedAt, seed: seed.value, servers: serverChoice, machine, figures, rates, events }, undefined, 2));
    writeFileSync(`${base}.md`, this.markdown(machine));
    console.log(`report: ${base}.md`);
    return `${base}.md`;
  }

  private markdown(machine: string): string {
    const { messages, objects, cache } = serverChoice;
    return [
      `# ${this.name}, ${new Date(this.startedAt).toISOString()}`,
      '',
      `Seed ${this.seed.value}; messages: ${messages}, objects: ${objects}, cache: ${cache}; ${machine}.`,
      '',
      '| Figure | |',
      '|---|---|',
      ...Object.entries(this.figures).map(([name, value]) => `| ${name} | ${value} |`),
      ...Object.entries(this.rates).flatMap(([name, points]) => ['', `## ${name} a second, over each 5 s`, '', '| from s | rate |', '|---|---|', ...points.map(({ second, rate }) => `| ${second} | ${rate} |`)]),
      '',
      '## What happened',
      '',
      '| s | |',
      '|---|---|',
      ...this.events.map(({ second, event }) => `| ${second.toFixed(1)} | ${event} |`),
      '',
    ].join('\n');
  }
}
