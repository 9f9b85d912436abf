import { newId, type PhotoId, type UserId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { newItem, newPhoto, openScratchCollection } from './new-item.fixture.js';
import { SqlItemRepository } from './sql-item.repository.js';
import { SqlPhotoRegister } from './sql-photo-register.js';

it('tells photos that have a row, of any owner, from those that have none', async () => {
  const database = await openScratchCollection();
  const items = new SqlItemRepository(database);
  const [mine, theirs] = [newPhoto(), newPhoto()];
  await items.create(newItem(newId<UserId>(), { photos: [mine] }), () => []);
  await items.create(newItem(newId<UserId>(), { photos: [theirs] }), () => []);
  const register = new SqlPhotoRegister(database);
  expect(await register.known([mine.id, newId<PhotoId>(), 'readme' as PhotoId, theirs.id])).toEqual(new Set([mine.id, theirs.id]));
  expect(await register.known([])).toEqual(new Set());
  await database.close();
});
