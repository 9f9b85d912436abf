import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, UnreachableError } from '../api-client.js';
import { commonOptions, type Command } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode, UsageError } from '../exit-code.js';
import { findPhotos, type FoundPhotos } from '../find-photos.js';
import { importKey, ImportLedger, LEDGER_FILE } from '../import-ledger.js';
import { runParallel } from '../run-parallel.js';
import type { Texts } from '../texts.js';
import { wholeNumber } from '../whole-number.js';

interface Refusal {
  readonly file: string;
  readonly code: string;
  readonly reason: string;
}

/** `import FOLDER`: an item for each photo, through the REST API alone. */
export const importPhotos: Command = async (context) => {
  const { terminal, texts } = context;
  const { values, positionals } = parseArgs({
    args: [...context.args],
    allowPositionals: true,
    options: { ...commonOptions, ...connectionOptions, parallel: { type: 'string', default: '2' } },
  });
  if (values.help) {
    terminal.print(texts.help.import);
    return exitCode.done;
  }
  const [wanted, ...others] = positionals;
  if (wanted === undefined || others.length > 0) {
    throw new UsageError(texts.import.needFolder);
  }
  const parallel = wholeNumber(values.parallel, '--parallel', 1, 16, texts);
  const folder = path.resolve(context.folder, wanted);
  const { photos, ignored } = await findPhotosIn(folder, texts);
  if (ignored.length > 0) {
    terminal.print(texts.import.ignored(ignored.length, ignored.slice(0, 5).join(', ') + (ignored.length > 5 ? ', …' : '')));
  }
  if (photos.length === 0) {
    throw new UsageError(texts.import.noPhotos(folder));
  }
  terminal.print(texts.import.found(photos.length, new Set(photos.map(({ category }) => category)).size));

  const { client, user } = await connect(values, context);
  const ledger = await ImportLedger.open(folder, user.id);
  const refusals: Refusal[] = [];
  let created = 0;
  let known = 0;
  let isForgetful = false;

  const progress = terminal.progress(texts.import.label, photos.length);
  try {
    await runParallel(photos, parallel, async (photo) => {
      context.signal.throwIfAborted();
      try {
        const bytes = await readFile(path.join(folder, photo.path));
        const key = importKey(photo.path, bytes);
        if (ledger.has(key)) {
          known += 1;
          return;
        }
        const item = { nome: photo.name, categoria: photo.category, fotos: [{ fileName: path.basename(photo.path), bytes }] };
        const { itemId } = await client.createItem(item, key);
        created += 1;
        await ledger.add(key, itemId).catch((error: Error) => {
          if (!isForgetful) {
            progress.log(texts.import.forgetful(path.join(folder, LEDGER_FILE), error.message));
          }
          isForgetful = true;
        });
      } catch (error) {
        refusals.push(asRefusal(photo.path, error));
      } finally {
        progress.advance(1, photo.path);
      }
    });
  } catch (error) {
    if (error instanceof UnreachableError) {
      progress.log(texts.import.stopped);
    }
    throw error;
  } finally {
    progress.stop();
    terminal.print(texts.import.result(created, known, refusals.length));
    if (refusals.length > 0) {
      terminal.print(terminal.table(texts.import.refusedHead, refusals.map(({ file, code, reason }) => [file, terminal.bad(code), reason])));
    }
  }
  return refusals.length > 0 ? exitCode.incomplete : exitCode.done;
};

async function findPhotosIn(folder: string, texts: Texts): Promise<FoundPhotos> {
  try {
    return await findPhotos(folder);
  } catch (error) {
    throw new UsageError(`${texts.import.noFolder(folder)} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

/** One file's trouble is listed and the others go on; what concerns all of them is thrown. */
function asRefusal(file: string, error: unknown): Refusal {
  if (error instanceof ApiError && error.status !== 401) {
    return { file, code: error.code, reason: error.message };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'ENOENT' || code === 'EISDIR') {
    return { file, code, reason: message };
  }
  throw error;
}
