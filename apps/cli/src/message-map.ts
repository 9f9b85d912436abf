import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MessageDefinition } from '@repo/contracts';
import { z } from 'zod';

/** Which projects send and handle a message, as `libs/collection/feature-items`. */
export interface MessageUse {
  readonly producers: readonly string[];
  readonly consumers: readonly string[];
}

/**
 * The page docs/messages.md.
 *
 * @param definitions by the name of their export, as the sources know them
 * @param uses by the same names
 */
export function renderMessageMap(definitions: Readonly<Record<string, MessageDefinition>>, uses: Readonly<Record<string, MessageUse>>): string {
  const entries = Object.entries(definitions);
  const overview = entries.map(([exportName, { name, kind, queue, purpose }]) => {
    const { producers = [], consumers = [] } = uses[exportName] ?? {};
    return `| \`${name}\` | ${kind} | \`${queue}\` | ${purpose} | ${listProjects(producers)} | ${listProjects(consumers)} |`;
  });
  return [
    '# Messages',
    '',
    'Generated from `libs/shared/contracts/src/messages.ts` and from who uses it: `npm run docs:messages`.',
    'A test fails when this page is out of date. How to add a message: [structure.md](structure.md#add-a-message).',
    '',
    'Every message is delivered at least once, and its effects happen once: handlers recognise what they',
    'have done. Three attempts in all, 5 s and 10 s apart; then, or at once when trying again can\'t help,',
    'the message goes to the dead letters with its reason.',
    '',
    '| Message | Kind | Queue | Purpose | Sent by | Handled by |',
    '|---|---|---|---|---|---|',
    ...overview,
    '',
    ...entries.flatMap(([, definition]) => describeFields(definition)),
  ].join('\n');
}

function listProjects(projects: readonly string[]): string {
  return projects.map((project) => `\`${project}\``).join(', ') || '-';
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function describeFields({ name, schema }: MessageDefinition): string[] {
  const rows = fieldRows(z.toJSONSchema(schema) as JsonSchema, '');
  return [`## \`${name}\``, '', '| Field | Holds | Required |', '|---|---|---|', ...rows, ''];
}

function fieldRows({ properties = {}, required = [] }: JsonSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([field, schema]) => [
    `| \`${prefix}${field}\` | ${describeType(schema)} | ${required.includes(field) ? 'yes' : 'no'} |`,
    ...fieldRows(schema, `${prefix}${field}.`),
  ]);
}

function describeType({ type, format, enum: values, minLength, maxLength, minimum, maximum }: JsonSchema): string {
  if (values) {
    return values.map((value) => `\`${String(value)}\``).join(', ');
  }
  if (format === 'uuid') {
    return 'UUID';
  }
  const word = { string: 'text', integer: 'whole number', boolean: 'true or false', object: 'object' }[type ?? ''] ?? type ?? 'anything';
  // Safe integers are zod's own bounds and say nothing.
  const limits = (low: number | undefined, high: number | undefined) =>
    [low === undefined || low <= Number.MIN_SAFE_INTEGER ? '' : `at least ${low}`, high === undefined || high >= Number.MAX_SAFE_INTEGER ? '' : `at most ${high}`].filter(Boolean).join(', ');
  if (minLength !== undefined && minLength === maxLength) {
    return `${word} of ${minLength} characters`;
  }
  const [length, range] = [limits(minLength, maxLength), limits(minimum, maximum)];
  return [word, length && `${length} characters`, range].filter(Boolean).join(', ');
}

/**
 * Looks through the sources: who handles a message carries `@Handles(name`; whoever else
 * imports it from the contracts sends it.
 *
 * @param root of the workspace
 * @param exportNames e.g. `imageAugmentations`
 */
export async function findMessageUses(root: string, exportNames: readonly string[]): Promise<Record<string, MessageUse>> {
  const sources = await readSources(root);
  return Object.fromEntries(
    exportNames.map((name) => {
      const handles = sources.filter(({ text }) => new RegExp(`@Handles\\(\\s*${name}\\b`).test(text));
      const imports = sources.filter(({ text }) => new RegExp(`import\\s*\\{[^}]*\\b${name}\\b[^}]*\\}\\s*from '@repo/contracts'`).test(text));
      const projects = (files: typeof sources) => [...new Set(files.map(({ project }) => project))].sort();
      return [name, { producers: projects(imports.filter((file) => !handles.includes(file))), consumers: projects(handles) }];
    }),
  );
}

async function readSources(root: string): Promise<{ project: string; text: string }[]> {
  const files = (await Promise.all(['apps', 'libs'].map((folder) => readdir(path.join(root, folder), { recursive: true, withFileTypes: true })))).flat();
  const sources = files.filter(({ name, parentPath }) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && /[\\/]src([\\/]|$)/.test(parentPath) && !/[\\/](node_modules|dist|testing)([\\/]|$)/.test(parentPath));
  return Promise.all(
    sources.map(async ({ name, parentPath }) => ({
      project: path.relative(root, parentPath).split(path.sep).join('/').replace(/\/src(\/.*)?$/, ''),
      text: await readFile(path.join(parentPath, name), 'utf8'),
    })),
  );
}
