import { Logger } from '@nestjs/common';
import { imageAugmentations } from '@repo/contracts';
import type { SignedInUser } from '@repo/http';
import { newId, TemporaryError, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import type { OutboxRelay } from '@repo/messaging';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { DeadLetterNotFoundError, DeadLetterReplayedError, groupKeyOf, QueueNotFoundError, type LetterId } from '@repo/operations-domain';
import { beforeEach, expect, it, vi } from 'vitest';
import { DeadLettersService } from './dead-letters.service.js';
import { FixedClock, InMemoryDeadLetters, photoMessage } from './operations.fixture.js';

Logger.overrideLogger(false);
const { queue, name: messageName } = imageAugmentations;
const admin: SignedInUser = { id: newId<UserId>(), email: 'admin@example.org', name: 'admin', role: 'admin', provider: 'local' };

let letters: InMemoryDeadLetters;
let bus: InMemoryMessageBus;
let clock: FixedClock;
let service: DeadLettersService;
const relay = { wake: vi.fn() };

beforeEach(() => {
  letters = new InMemoryDeadLetters();
  bus = new InMemoryMessageBus();
  clock = new FixedClock();
  relay.wake.mockReset();
  service = new DeadLettersService(letters, bus, relay as unknown as OutboxRelay, clock);
});

async function dead({ body = photoMessage() as unknown, reason = 'no' } = {}): Promise<LetterId> {
  const [letterId, messageId] = [newId<LetterId>(), newId()];
  const { itemId, fotoId } = body as { itemId: ItemId; fotoId: PhotoId };
  const letter = { letterId, messageId, queue, messageName, cause: 'refused', reason, attempt: 3, history: [], text: JSON.stringify({ body }), deadAt: clock.now(), itemId, photoId: fotoId };
  await letters.keep(letter, 'm');
  return letterId;
}
const group = groupKeyOf({ cause: 'refused', reason: 'no' });

it('replays a group batch by batch, in order, and wakes the relay', async () => {
  const ids: LetterId[] = [];
  for (let i = 0; i < 250; i += 1) {
    ids.push(await dead());
  }
  expect(await service.replayGroup(admin, queue, group, 'mended')).toEqual({ replayed: 250, skipped: 0 });
  expect(letters.sent.map(({ letterId }) => letterId)).toEqual(ids);
  const times = letters.sent.map(({ at }) => at.getTime());
  expect(times).toEqual(times.map((_, index) => clock.now().getTime() + index));
  const messageIds = [...letters.sent, ...letters.letters.values()].map(({ messageId }) => messageId);
  expect(new Set(messageIds).size).toBe(500); // each is another message than its letter's
  expect(letters.audit).toEqual([{ id: expect.any(String), who: admin.id, at: clock.now(), what: 'replay group', queue, why: 'mended', groupKey: group, letters: 250 }]);
  expect(relay.wake).toHaveBeenCalled();
});

it('replays of a group what is open when it is asked, not what fails again meanwhile', async () => {
  await dead();
  const replay = letters.replay.bind(letters);
  vi.spyOn(letters, 'replay').mockImplementation(async (replays, audit) => {
    await dead();
    return replay(replays, audit);
  });
  expect(await service.replayGroup(admin, queue, group, 'w')).toEqual({ replayed: 1, skipped: 0 });
  expect([...letters.letters.values()].map(({ state }) => state)).toEqual(['replayed', 'open']);
});

it('skips letters of a group that need another body', async () => {
  await dead({ body: { itemId: 5 } });
  await dead();
  expect(await service.replayGroup(admin, queue, group, 'w')).toEqual({ replayed: 1, skipped: 1 });
  expect(await service.replayGroup(admin, queue, group, 'w')).toEqual({ replayed: 0, skipped: 1 });
  expect(letters.audit).toHaveLength(1);
});

it('shows queues without their depth while the broker is away', async () => {
  vi.spyOn(bus, 'depth').mockRejectedValue(new TemporaryError('away'));
  expect(await service.queues()).toContainEqual({ name: queue, description: imageAugmentations.purpose, depth: undefined, open: 0, oldest: undefined });
});

it('settles a letter once, when two people do at once', async () => {
  const letterId = await dead();
  const open = await letters.rounds(queue, letterId);
  vi.spyOn(letters, 'rounds').mockResolvedValue(open); // as both saw it
  await service.replay(admin, queue, letterId, {});
  await expect(service.replay(admin, queue, letterId, {})).rejects.toThrow(DeadLetterReplayedError);
  await expect(service.discard(admin, queue, letterId, 'w')).rejects.toThrow(DeadLetterReplayedError);
  expect([letters.sent.length, letters.audit.length]).toEqual([1, 1]);
});

it.each<[string, (letterId: LetterId) => Promise<unknown>]>([
  ['groups', () => service.groups('nowhere')],
  ['get', (letterId) => service.get('nowhere', letterId)],
  ['replay', (letterId) => service.replay(admin, 'nowhere', letterId, {})],
  ['replayGroup', () => service.replayGroup(admin, 'nowhere', group, 'w')],
  ['discard', (letterId) => service.discard(admin, 'nowhere', letterId, 'w')],
])('%s of no queue finds nothing', async (_, call) => {
  await expect(call(await dead())).rejects.toThrow(QueueNotFoundError);
});

it('finds no letter of another queue', async () => {
  await expect(service.get('PhotoRemovals', await dead())).rejects.toThrow(DeadLetterNotFoundError);
});
