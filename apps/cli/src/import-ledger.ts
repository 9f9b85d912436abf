import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Hidden, beside the photos it speaks of. */
export const LEDGER_FILE = '.ocolecionador-import.jsonl';

interface LedgerLine {
  /** The user's id: another account, or another platform, starts afresh. */
  readonly account: string;
  readonly key: string;
  readonly itemId: string;
}

/**
 * Remembers in the photos' own folder what has been imported, so that the next run passes over
 * it without asking the platform. One line for each item: a run that is cut off loses nothing.
 */
export class ImportLedger {
  private constructor(
    private readonly file: string,
    private readonly account: string,
    private readonly keys: Set<string>,
  ) {}

  /** A folder without a ledger has an empty one; lines that were cut off are passed over. */
  static async open(folder: string, account: string): Promise<ImportLedger> {
    const file = path.join(folder, LEDGER_FILE);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        return '';
      }
      throw error;
    });
    const lines = text.split('\n').flatMap(parseLine);
    return new ImportLedger(file, account, new Set(lines.filter((line) => line.account === account).map(({ key }) => key)));
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** Throws the file system's error when the folder can't be written. */
  async add(key: string, itemId: string): Promise<void> {
    this.keys.add(key);
    const line: LedgerLine = { account: this.account, key, itemId };
    // The break comes first: a line that was cut off must not swallow this one.
    await appendFile(this.file, `\n${JSON.stringify(line)}`);
  }
}

/**
 * Names one photo in one place: the same file in the same category is the same item, and an
 * edited photo is a new one. Also the Idempotency-Key, so that even a lost ledger, or an answer
 * that never arrived, makes no item twice.
 *
 * @param relativePath of the file in the imported folder
 * @returns 64 hexadecimal digits
 */
export function importKey(relativePath: string, content: Uint8Array): string {
  const place = relativePath.split(path.sep).join('/').normalize('NFC');
  return createHash('sha256').update(place).update('\0').update(content).digest('hex');
}

function parseLine(text: string): LedgerLine[] {
  try {
    return [JSON.parse(text) as LedgerLine];
  } catch {
    return [];
  }
}
