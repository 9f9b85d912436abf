import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as contracts from '@repo/contracts';
import type { MessageDefinition } from '@repo/contracts';
import { commonOptions, type Command } from '../command.js';
import { exitCode } from '../exit-code.js';
import { findMessageUses, renderMessageMap } from '../message-map.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** `docs:messages`: writes docs/messages.md. */
export const messageMap: Command = async ({ args, terminal, texts }) => {
  const { values } = parseArgs({ args: [...args], options: commonOptions });
  if (values.help) {
    terminal.print(texts.help.messageMap);
    return exitCode.done;
  }
  const file = path.join(root, 'docs', 'messages.md');
  await writeFile(file, await currentMessageMap());
  terminal.print(texts.messageMap.written(path.relative(root, file)));
  return exitCode.done;
};

/** What docs/messages.md should say now. */
export async function currentMessageMap(): Promise<string> {
  const known: readonly unknown[] = contracts.messages;
  const definitions = Object.fromEntries(Object.entries(contracts).filter(([, value]) => known.includes(value))) as Record<string, MessageDefinition>;
  return renderMessageMap(definitions, await findMessageUses(root, Object.keys(definitions)));
}
