import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (...parts: string[]) => readFileSync(path.join(root, ...parts), 'utf8');
const workflow = read('.github', 'workflows', 'CI.yml');
const all = (pattern: RegExp) => [...workflow.matchAll(pattern)].map(([, found = '']) => found);

it('runs no action but those of a commit that somebody has read', () => {
  const uses = all(/uses: (\S+)/g);
  expect(uses.length).toBeGreaterThan(3);
  expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

it('may read the repository, and nothing more', () => {
  expect(workflow).toMatch(/^permissions:\n {2}contents: read\n\S/m);
  expect(workflow).not.toMatch(/secrets\.|pull_request_target|persist-credentials: true/);
});

it('calls only scripts that there are', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(all(/npm (?:run )?(test|build)\b/g).every((name) => name in scripts)).toBe(true);
});

it('names servers by variables that a test reads', () => {
  const tests = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.medium.spec.ts') && !file.includes('node_modules'))
      .map((file) => read(folder, file)),
  );
  const variables = all(/^ +(TEST_\w+):/gm);
  expect(variables).toEqual(['TEST_MSSQL_URL', 'TEST_S3_URL']);
  expect(variables.filter((name) => !tests.some((text) => text.includes(name)))).toEqual([]);
});

// Older images have the tool elsewhere, newer ones only there, and it refuses the server's own certificate without -C.
it('asks SQL Server how it is with the tool that its image has', () => expect(workflow).toContain('/opt/mssql-tools18/bin/sqlcmd -C '));

it('.ci/run runs what a person runs', () => expect(read('.ci', 'run')).toMatch(/^npm test$/m));
