import type { ZodType } from 'zod';

/** The value a cached text stands for; undefined when it is no JSON, or does not fit the schema. */
export function readCachedJson<T>(text: string, schema: ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
