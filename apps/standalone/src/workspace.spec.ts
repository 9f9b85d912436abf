import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const foldersIn = (folder: string) => readdirSync(path.join(root, folder)).map((name) => path.join(folder, name));
const folders = [...foldersIn('apps'), ...foldersIn('libs').flatMap(foldersIn)].filter((folder) => existsSync(path.join(root, folder, 'package.json')));
const read = (...parts: string[]) => readFileSync(path.join(root, ...parts), 'utf8');
const readJson = (...parts: string[]) => JSON.parse(read(...parts)) as Record<string, unknown>;

const projects = folders.map((folder) => ({ folder, ...(readJson(folder, 'package.json') as { name: string; dependencies?: Record<string, string> }) }));
const nameOf = (folder: string) => projects.find((project) => project.folder === path.normalize(folder))?.name ?? folder;

function referencesOf(folder: string): string[] {
  const { references = [] } = readJson(folder, 'tsconfig.json') as { references?: { path: string }[] };
  return references.map((reference) => nameOf(path.join(folder, reference.path)));
}

/** The projects that the sources import, by name or through a side door. */
function importsOf(folder: string): string[] {
  const sources = readdirSync(path.join(root, folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const imported = sources.flatMap((file) => [...read(folder, 'src', file).matchAll(/(?:from|import|resolve)[ (]'(@repo\/[\w-]+)/g)].map(([, name]) => name!));
  return [...new Set(imported)];
}

describe.each(projects)('$folder', ({ folder, name, dependencies = {} }) => {
  const imported = importsOf(folder).filter((other) => other !== name).sort();

  it('depends on what it imports, and on nothing else', () => expect(Object.keys(dependencies).sort()).toEqual(imported));
  it('is built after what it imports, and after nothing else', () => expect(referencesOf(folder).sort()).toEqual(imported));
});

it('builds every project', () => {
  expect(referencesOf('.').sort()).toEqual(projects.map(({ name }) => name).sort());
});

/** What stands behind a side door, so that it is loaded only where a URL chose it. */
const drivers = [
  { packages: ['amqplib', 'amqp-connection-manager'], home: 'libs/shared/messaging/src/rabbit', door: '@repo/messaging/rabbit' },
  { packages: ['pg-boss'], home: 'libs/shared/messaging/src/embedded', door: '@repo/messaging/embedded' },
  { packages: ['minio'], home: 'libs/shared/storage/src/s3', door: '@repo/storage/s3' },
  { packages: ['ioredis'], home: 'libs/shared/cache/src/redis', door: '@repo/cache/redis' },
  { packages: ['@sentry/node'], home: 'libs/shared/observability/src/sentry', door: '@repo/observability/sentry' },
];

const productionSources = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(spec|fixture|process)\.ts$|(^|\/)testing\/|-under-test\.ts$/.test(file))
    .map((file) => path.join(folder, 'src', file)),
);

/** Imports that are loaded with the file: no types, no `import()`. */
function staticImports(file: string): string[] {
  const resolved = (specifier: string) => (specifier.startsWith('.') ? path.join(path.dirname(file), specifier) : specifier);
  return [...read(file).matchAll(/^(?:import|export) (?!type )(?:[^;']*? from )?'([^']+)'/gm)].map(([, specifier = '']) => resolved(specifier));
}

it.each(drivers)('loads $packages only through $door', ({ packages, home, door }) => {
  const isBehindIt = (imported: string) => imported === door || packages.includes(imported) || imported.startsWith(home);
  const outside = productionSources.filter((file) => !file.startsWith(home) && !file.includes('-e2e/'));
  expect(outside.filter((file) => staticImports(file).some(isBehindIt))).toEqual([]);
});
