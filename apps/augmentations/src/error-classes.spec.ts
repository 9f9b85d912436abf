import {
  MessageIdReusedError,
  NothingStoredError,
  NoValidVariantError,
  PhotoAlteredError,
  SourceMissingError,
  PhotoUnreadableError,
  RenderCrashedError,
  RenderTimeoutError,
} from '@repo/augmentation-domain';
import { translateDatabaseErrors } from '@repo/database';
import { newId, type PhotoId } from '@repo/kernel';
import { classifyError } from '@repo/messaging';
import { ObjectNotFoundError } from '@repo/storage';
import { expect, it } from 'vitest';

const photo = newId<PhotoId>();
const fromDatabase = (driverError: object) => translateDatabaseErrors(() => Promise.reject(Object.assign(new Error('the driver says so'), driverError))).catch((error: unknown) => error);

it.each<[expected: string, what: string, thrown: unknown]>([
  ['transient', 'bytes that differ from those uploaded', new PhotoAlteredError(photo, 'a', 'b')],
  ['transient', 'an image process that died', new RenderCrashedError(photo, 'SIGSEGV')],
  ['transient', 'an image process that took too long', new RenderTimeoutError(photo, 60_000)],
  ['transient', 'a store that kept no variant', new NothingStoredError(photo)],
  ['transient', 'a database that is away', await fromDatabase({ code: 'ECONNREFUSED' })],
  ['transient', 'a database that shuts down', await fromDatabase({ code: '57P01' })],
  ['transient', 'a deadlock', await fromDatabase({ code: '40P01' })],
  ['transient', 'a deadlock of SQL Server', await fromDatabase({ number: 1205 })],
  ['permanent', 'a row that breaks a rule of its table', await fromDatabase({ code: '23502' })],
  ['permanent', 'a statement with a mistake', await fromDatabase({ code: '42601' })],
  ['permanent', 'an original that is gone', new SourceMissingError(photo, 'item/1/1.jpg')],
  ['permanent', 'an object that is gone', new ObjectNotFoundError('item/1/1.jpg')],
  ['permanent', 'a photo that can not be decoded', new PhotoUnreadableError(photo, 'premature end')],
  ['permanent', 'a photo without any valid variant', new NoValidVariantError(photo, ['too dark'])],
  ['permanent', 'an id that came with another body', new MessageIdReusedError(newId())],
])('is %s: %s', (expected, _, thrown) => expect(classifyError(thrown)).toBe(expected));
