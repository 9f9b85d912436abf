import { expect, it } from 'vitest';
import { z } from 'zod';
import { readEnvironment } from './read-environment.js';

const schema = z.object({ PORT: z.coerce.number().int().default(5000), SECRET: z.string().min(32) });

it('names every bad variable at once', () => {
  expect(() => readEnvironment(schema, { PORT: 'five', SECRET: '' })).toThrow(/PORT: .*\n.*SECRET: .*\(not set\)/);
});

it('takes the default of an empty variable', () => {
  expect(readEnvironment(schema, { PORT: '', SECRET: 'x'.repeat(32) }).PORT).toBe(5000);
});
