import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as config from './index.js';

interface ExampleVariable {
  readonly value: string;
  /** The comment lines right above. */
  readonly comment: string;
}

const schemas = Object.entries<unknown>(config).flatMap(([name, value]) => (value instanceof z.ZodObject ? [[name, value] as const] : []));
const variables = schemas.flatMap(([schema, object]) => Object.entries(object.shape).map(([name, type]) => ({ schema, name, fallback: fallbackOf(type as z.ZodType) })));
const example = readExample(readFileSync(fileURLToPath(new URL('../../../../.env.example', import.meta.url)), 'utf8'));

it('finds the schemas', () => {
  expect(schemas.length).toBeGreaterThan(5);
});

describe('.env.example', () => {
  it.each(variables)('explains $name and shows its default ($schema)', ({ name, fallback }) => {
    expect(example.get(name)?.comment).toMatch(/\w{3}/);
    expect(example.get(name)?.value).toBe(fallback);
  });

  it('names nothing that no schema knows', () => {
    const known = new Set(variables.map(({ name }) => name));
    expect([...example.keys()].filter((name) => !known.has(name))).toEqual([]);
  });
});

/** As text; empty for a variable without a default. */
function fallbackOf(type: z.ZodType): string {
  const { success, data } = type.safeParse(undefined);
  return success && data !== undefined ? String(data) : '';
}

/** Throws when a variable comes twice. */
function readExample(text: string): Map<string, ExampleVariable> {
  const found = new Map<string, ExampleVariable>();
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const [, name, value] = /^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      comment = line.startsWith('#') ? [...comment, line] : [];
      continue;
    }
    if (found.has(name)) {
      throw new Error(`.env.example names ${name} twice`);
    }
    found.set(name, { value, comment: comment.join(' ') });
    comment = [];
  }
  return found;
}
