import os from 'node:os';
import process from 'node:process';
import { armCrashPoint } from '@repo/kernel';
import { answerOrders } from '@repo/processes/child';
import { renderPhoto, UndecodableError } from './render-photo.js';
import type { RenderReply, RenderWork } from './render-work.js';

// Whoever waits for an answer of the API goes first.
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
answerOrders(async (photo, { format, crashAt, ...order }: RenderWork): Promise<RenderReply> => {
  if (crashAt !== undefined) {
    armCrashPoint(crashAt);
  }
  try {
    const rendering = await renderPhoto(photo, order, format);
    return { kind: 'rendered', rendering, memoryBytes: process.memoryUsage.rss() };
  } catch (error) {
    if (error instanceof UndecodableError) {
      return { kind: 'undecodable', reason: error.message };
    }
    throw error;
  }
});
