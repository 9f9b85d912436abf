import type { OutboxMessage } from '@repo/collection-domain';
import { newId } from '@repo/kernel';
import type { EntityManager } from 'typeorm';
import { OutboxRow } from './outbox.row.js';

/** Leaves messages in the outbox, inside the caller's transaction. */
export async function leaveMessages(manager: EntityManager, messages: readonly OutboxMessage[], at: Date): Promise<void> {
  if (messages.length === 0) {
    return;
  }
  await manager.insert(
    OutboxRow,
    messages.map(({ queue, messageName, messageId, body, traceparent }) => ({
      id: newId(),
      queue,
      messageName,
      messageId,
      body: JSON.stringify(body),
      traceparent: traceparent ?? null,
      createdAt: at,
      sentAt: null,
      attempts: 0,
    })),
  );
}
