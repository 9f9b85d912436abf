import { networkDetail, type NetworkDetail } from '@repo/contracts';
import { z } from 'zod';

/** It is ready already; a busy machine may take seconds for the round trips of its health. */
const TIMEOUT_MS = 10_000;

const classifierHealth = z.object({ parts: z.array(z.object({ name: z.string(), detail: z.unknown().optional() })) });

/** What the classifier's health says of its network; undefined when it says nothing. Never throws: the platform runs without an answer. */
export async function askBackbone(classifierUrl: string): Promise<NetworkDetail | undefined> {
  try {
    const response = await fetch(`${classifierUrl}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { parts } = classifierHealth.parse(await response.json());
    return networkDetail.parse(parts.find(({ name }) => name === 'network')?.detail);
  } catch {
    return undefined;
  }
}

/** In one line, for the terminal. */
export function describeNetwork({ backbone: { quality, id }, trainedOn, advice }: NetworkDetail): string {
  const served = trainedOn === undefined ? '' : `; the version in charge was trained on ${trainedOn}`;
  return `${quality} (${id})${served}.${advice ? ` ${advice.message}` : ''}`;
}
