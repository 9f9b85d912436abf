import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { httpStatus } from './http-status.js';

const page = readFileSync(fileURLToPath(new URL('../../../../docs/api.md', import.meta.url)), 'utf8');
const documented = Object.fromEntries([...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| \w/gm)].map(([, code, status]) => [code, Number(status)]));

it('docs/api.md explains every error code, with its status', () => {
  expect(documented).toEqual(httpStatus);
});
