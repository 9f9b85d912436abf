import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, type Classification } from '../api-client.js';
import { commonOptions, type Command } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode, UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import type { Texts } from '../texts.js';

/** `classify FILE…`: one row for each photo; a photo that is refused says why in its row. */
export const classify: Command = async (context) => {
  const { terminal, texts } = context;
  const { values, positionals } = parseArgs({ args: [...context.args], allowPositionals: true, options: { ...commonOptions, ...connectionOptions } });
  if (values.help) {
    terminal.print(texts.help.classify);
    return exitCode.done;
  }
  if (positionals.length === 0) {
    throw new UsageError(texts.classify.needFile);
  }
  const { client } = await connect(values, context);
  const rows: string[][] = [];
  let refused = 0;
  for (const file of positionals) {
    try {
      const bytes = await readFile(path.resolve(context.folder, file));
      rows.push(classificationRow(shortest(file, context.folder), await client.classify({ fileName: path.basename(file), bytes }), terminal, texts));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined || (error instanceof ApiError && error.status === 401)) {
        throw error; // nothing about this file
      }
      refused += 1;
      rows.push([file, terminal.bad(code), '', message]);
    }
  }
  terminal.print(terminal.table(texts.classify.head, rows));
  return refused > 0 ? exitCode.incomplete : exitCode.done;
};

/** Shells hand over whole paths: from the person's folder they are often shorter. */
function shortest(file: string, folder: string): string {
  const relative = path.relative(folder, path.resolve(folder, file));
  return relative.length < file.length ? relative : file;
}

function classificationRow(file: string, answer: Classification, terminal: Terminal, texts: Texts): string[] {
  const guesses = answer.alternativas.map(({ classe, confiancaValor }) => `${classe} ${(confiancaValor * 100).toFixed(0)}%`);
  const similar = answer.itemsSemelhantes.map(({ nome, categoria, distancia }) => `${distancia.toFixed(3)}  ${nome} (${categoria})`);
  return [
    file,
    answer.conhecido || guesses.length === 0 ? terminal.bold(answer.classe) : `${answer.classe}\n${texts.classify.perhaps(guesses.join(', '))}`,
    answer.confianca,
    similar.join('\n') || texts.classify.nothingAlike,
  ];
}
