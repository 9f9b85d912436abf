import { parseArgs } from 'node:util';
import { commonOptions, type Command } from '../command.js';
import { connect, connectionOptions } from '../connection.js';
import { exitCode } from '../exit-code.js';

/** `sweep`: compares stored photos with their rows; removes what no row knows only if `--really`. */
export const sweep: Command = async (context) => {
  const { terminal, texts } = context;
  const { values } = parseArgs({ args: [...context.args], options: { ...commonOptions, ...connectionOptions, really: { type: 'boolean', default: false } } });
  if (values.help) {
    terminal.print(texts.help.sweep);
    return exitCode.done;
  }
  const { client } = await connect(values, context);
  const { orphans, removed, missing, photos } = await client.sweep(values.really);
  terminal.print(texts.sweep.orphans(orphans));
  terminal.print(values.really ? texts.sweep.removed(removed) : texts.sweep.onlyLooked);
  if (missing === 0) {
    terminal.print(terminal.good(texts.sweep.noneMissing));
    return exitCode.done;
  }
  terminal.complain(terminal.bad(texts.sweep.missing(missing)));
  photos.forEach(({ caminho }) => terminal.complain(`  ${caminho}`));
  return exitCode.incomplete;
};
