import { z } from 'zod';

/** A variable is missing or wrong. `exitCode` is sysexits' EX_CONFIG. */
export class ConfigurationError extends Error {
  readonly exitCode = 78;
}

/**
 * Reads the environment once, at start. Empty variables count as absent.
 * Throws ConfigurationError naming every bad variable at once.
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<z.ZodObject<Shape>> {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present);
  if (!result.success) {
    const lines = result.error.issues.map(({ path, message }) => {
      const name = path.join('.');
      return `  ${name}: ${message}${name in present ? '' : ' (not set)'}`;
    });
    throw new ConfigurationError(`The configuration can't be used:\n${lines.join('\n')}\nSee .env.example for what each variable means.`);
  }
  return result.data;
}
