import cliProgress from 'cli-progress';
import Table from 'cli-table3';

/** A step whose length is known. */
export interface Progress {
  /** @param detail what is being done, a few words */
  advance(steps?: number, detail?: string): void;
  /** A line above the bar. */
  log(line: string): void;
  stop(): void;
}

/** Where output goes and what it may look like there. */
export class Terminal {
  /** False in pipes, files and CI: lines instead of bars. */
  readonly isInteractive: boolean;
  private readonly hasColour: boolean;

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly errors: NodeJS.WritableStream,
    environment: NodeJS.ProcessEnv,
  ) {
    this.isInteractive = output.isTTY === true && environment['TERM'] !== 'dumb' && !environment['CI'];
    // https://no-color.org: any value but an empty one.
    this.hasColour = this.isInteractive && !environment['NO_COLOR'];
  }

  print(line = ''): void {
    this.output.write(`${line}\n`);
  }

  complain(line: string): void {
    this.errors.write(`${line}\n`);
  }

  bold(text: string): string {
    return this.paint(text, 1, 22);
  }

  good(text: string): string {
    return this.paint(text, 32, 39);
  }

  bad(text: string): string {
    return this.paint(text, 31, 39);
  }

  /** Lines between the rows only where a cell has several lines itself. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const compact = !rows.flat().some((cell) => cell.includes('\n'));
    const table = new Table({ head: head.map((title) => this.bold(title)), style: { head: [], border: [], compact } });
    table.push(...rows.map((row) => [...row]));
    return table.toString();
  }

  progress(label: string, total: number): Progress {
    return this.isInteractive ? new BarProgress(this.output, label, total) : new LineProgress((line) => this.print(line), label, total);
  }

  private paint(text: string, on: number, off: number): string {
    return this.hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }
}

class BarProgress implements Progress {
  private readonly bars: cliProgress.MultiBar;
  private readonly bar: cliProgress.SingleBar;

  constructor(output: NodeJS.WriteStream, label: string, total: number) {
    const format = `${label} {bar} {value}/{total}  {eta_formatted}  {detail}`;
    this.bars = new cliProgress.MultiBar({ stream: output, format, barsize: 28, hideCursor: true, stopOnComplete: false }, cliProgress.Presets.shades_classic);
    this.bar = this.bars.create(total, 0, { detail: '' });
  }

  advance(steps = 1, detail?: string): void {
    this.bar.increment(steps, detail === undefined ? {} : { detail });
  }

  log(line: string): void {
    this.bars.log(`${line}\n`);
  }

  stop(): void {
    this.bars.stop();
  }
}

/** A line for every tenth of the way. */
export class LineProgress implements Progress {
  private value = 0;
  private tenthsSaid = 0;

  constructor(
    private readonly print: (line: string) => void,
    private readonly label: string,
    private readonly total: number,
  ) {}

  advance(steps = 1, detail?: string): void {
    this.value += steps;
    const tenths = Math.floor((this.value / this.total) * 10);
    if (tenths > this.tenthsSaid) {
      this.tenthsSaid = tenths;
      this.print(`${this.label} ${Math.round(this.value)}/${this.total}${detail ? `  ${detail}` : ''}`);
    }
  }

  log(line: string): void {
    this.print(line);
  }

  stop(): void {}
}
