import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(path.join(root, 'docs', 'reliability.md'), 'utf8');

/** Suites and specs by the name that the page calls them: `outbox-relay.medium`, `message-bus-suite`. */
const files = new Map<string, string[]>();
for (const file of ['apps', 'libs'].flatMap(sourcesBelow)) {
  const name = path.basename(file).replace(/(\.spec)?\.ts$/, '');
  for (const called of [name, `${name}.spec`]) {
    files.set(called, [...(files.get(called) ?? []), file]);
  }
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return ['node_modules', 'dist'].includes(entry.name) ? [] : sourcesBelow(inside);
    }
    return /(\.spec|-suite)\.ts$/.test(entry.name) ? [inside] : [];
  });
}

/** Every test that the page names, as its file and the words of its name; `…` stands for whatever lies between. */
function namedTests(): [file: string, words: string][] {
  return page
    .split('\n')
    .filter((line) => /^\| [A-Z]\d\d /.test(line))
    .flatMap((line) => {
      let file = '';
      const named: [string, string][] = [];
      for (const [, code, words] of line.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
        if (code !== undefined) {
          file = code.startsWith('npm ') ? file : code;
          named.push(...(code.startsWith('npm ') ? [] : [[code, ''] as [string, string]]));
        } else {
          named.push([file, words!]);
        }
      }
      return named;
    });
}

it.each(namedTests())('%s has the test that docs/reliability.md names: "%s"', (name, words) => {
  const found = files.get(name) ?? [];
  expect(found).not.toEqual([]);
  const sources = found.map((file) => readFileSync(path.join(root, file), 'utf8').replaceAll("\\'", "'")).join('\n');
  // A name may be put together of a suite's and a test's own.
  const parts = words.split(/…|›/).map((part) => part.trim()).filter((part) => part.length > 3);
  expect(parts.filter((part) => !sources.includes(part))).toEqual([]);
});
