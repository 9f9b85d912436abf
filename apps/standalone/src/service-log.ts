import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import path from 'node:path';

const MAX_BYTES = 20_000_000;
/** pino's number for `warn`. */
const WARN = 40;

/** One service's log lines: all of them in a file, the worrying ones on the terminal too. */
export class ServiceLog {
  private stream: WriteStream;
  private bytes = 0;
  private unfinished = '';
  private readonly file: string;

  constructor(
    folder: string,
    private readonly service: string,
    private readonly show: (line: string) => void,
  ) {
    mkdirSync(folder, { recursive: true });
    this.file = path.join(folder, `${service}.log`);
    this.stream = this.openFile();
  }

  write(chunk: Buffer): void {
    const lines = (this.unfinished + chunk.toString('utf8')).split('\n');
    this.unfinished = lines.pop() ?? '';
    for (const line of lines) {
      this.stream.write(`${line}\n`);
      this.bytes += line.length + 1;
      this.showWorrying(line);
    }
    if (this.bytes > MAX_BYTES) {
      this.stream.end();
      renameSync(this.file, `${this.file}.1`); // one older file is kept
      this.stream = this.openFile();
    }
  }

  close(): void {
    this.stream.end();
  }

  private openFile(): WriteStream {
    this.bytes = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    return createWriteStream(this.file, { flags: 'a', mode: 0o600 });
  }

  private showWorrying(line: string): void {
    const entry = parse(line);
    if (entry === undefined) {
      this.show(`${this.service}: ${line}`); // not a log line: a crash, or a library that prints
    } else if ((entry.level ?? 0) >= WARN) {
      this.show(`${this.service}: ${entry.msg ?? line}${entry.err?.message ? ` (${entry.err.message})` : ''}`);
    }
  }
}

interface LogEntry {
  level?: number;
  msg?: string;
  err?: { message?: string };
}

function parse(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? entry : undefined;
  } catch {
    return undefined;
  }
}
