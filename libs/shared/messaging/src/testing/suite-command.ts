import { defineCommand, type MessageDefinition } from '@repo/contracts';
import { z } from 'zod';

const suiteBody = z.object({ n: z.number(), text: z.string().optional(), does: z.enum(['work', 'die', 'hang']).optional() });
export type SuiteBody = z.infer<typeof suiteBody>;

/** The suite's own message, in a queue of its own for each test. */
export function suiteCommand(queue: string): MessageDefinition<SuiteBody> {
  return defineCommand('suite.work.v1', queue, 'Something to do.', suiteBody);
}
