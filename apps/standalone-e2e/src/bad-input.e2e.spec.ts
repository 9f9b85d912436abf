import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { drawSample } from '@repo/samples';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animatedGif, enormousPng } from './odd-pictures.js';
import { eventually, PlatformUnderTest } from './platform-under-test.js';
import type { Answer, Created, ErrorBody, Training, UploadedFile } from './public-door.js';

const platform = await PlatformUnderTest.create();
const { door } = platform;
const good = new Uint8Array(await drawSample('coins', 1, 0, 320));
beforeAll(async () => {
  await platform.start();
  await door.signIn();
});
afterAll(() => platform.destroy());

const file = (bytes: Uint8Array | string, name = 'foto.jpg', type = 'image/jpeg'): UploadedFile => ({ name, type, bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : Uint8Array.from(bytes) });
const send = (files: readonly UploadedFile[], fields: Record<string, string> = { nome: 'x', categoria: 'Moedas' }) => door.form<ErrorBody>('/Items', fields, files);

describe('refuses with a code of its own', () => {
  it.each([
    ['text named .jpg', () => send([file('this is no photo')]), 'PHOTO_TYPE_UNSUPPORTED'],
    ['a photo that is cut off', () => send([file(good.subarray(0, good.length / 2))]), 'PHOTO_UNREADABLE'],
    ['an empty file', () => send([file('')]), 'PHOTO_EMPTY'],
    ['21 MB', () => send([file(new Uint8Array(21_000_000).fill(255))]), 'PHOTO_TOO_LARGE'],
    ['30,000 x 30,000 pixels in 100 kB', () => send([file(enormousPng(30_000), 'foto.png', 'image/png')]), 'PHOTO_TOO_MANY_PIXELS'],
    ['SVG', () => send([file('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'foto.svg', 'image/svg+xml')]), 'PHOTO_TYPE_UNSUPPORTED'],
    ['an animated GIF', async () => send([file(await animatedGif(), 'foto.gif', 'image/gif')]), /PHOTO_ANIMATED|PHOTO_TYPE_UNSUPPORTED/],
    ['JSON where a form is expected', () => door.json<ErrorBody>('POST', '/Items', { nome: 'x' }), /CONTENT_TYPE_UNSUPPORTED|PHOTO_MISSING|INVALID_INPUT/],
    ['a form without a photo', () => send([]), 'PHOTO_MISSING'],
    ['a form without a name', () => send([file(good)], { categoria: 'Moedas' }), 'INVALID_INPUT'],
    ['a category id that is not there', () => send([file(good)], { nome: 'x', categoria: '01890000-0000-7000-8000-000000000000' }), 'CATEGORY_NOT_FOUND'],
    ['11 photos', () => send(Array.from({ length: 11 }, () => file(good))), 'TOO_MANY_PHOTOS'],
    ['an item that is nobody\'s', () => door.get<ErrorBody>('/Items/01890000-0000-7000-8000-000000000000'), 'ITEM_NOT_FOUND'],
    ['an id that is none', () => door.get<ErrorBody>('/Items/7'), 'INVALID_INPUT'],
    ['an expired token', async () => door.get<ErrorBody>('/Items', { Authorization: `Bearer ${await expiredToken()}` }), 'UNAUTHENTICATED'],
    ['a token of another maker', () => door.get<ErrorBody>('/Items', { Authorization: `Bearer ${jwt({ sub: 'x' }, 'x'.repeat(32))}` }), 'UNAUTHENTICATED'],
    ['no token', () => door.get<ErrorBody>('/Items', { Authorization: '' }), 'UNAUTHENTICATED'],
    ['a route that is not there', () => door.get<ErrorBody>('/Nowhere'), 'ROUTE_NOT_FOUND'],
  ] as [string, () => Promise<Answer<ErrorBody>>, string | RegExp][])('%s', async (_, call, code) => {
    const { status, body } = await call();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).toEqual(expect.objectContaining({ code: expect.stringMatching(code) as string, message: expect.any(String) as string }));
  });

  it('and keeps nothing of it', async () => {
    const { body, headers } = await door.get<unknown[]>('/Items');
    expect([body, headers.get('X-Total-Count')]).toEqual([[], '0']);
    expect((await door.get('/health/ready')).status).toBe(200);
  });
});

describe('takes what is merely unusual', () => {
  it.each([
    ['CMYK', () => sharp(good).toColourspace('cmyk').jpeg().toBuffer(), 'foto.jpg', 320, 320],
    ['16 bits a channel', () => sharp(good).toColourspace('rgb16').png().toBuffer(), 'foto.png', 320, 320],
    ['an EXIF turn by 90 degrees', () => sharp(good).resize(200, 100, { fit: 'fill' }).withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'foto.jpg', 100, 200],
  ])('%s', async (_, make, name, width, height) => {
    const { status, body } = await door.form<Created>('/Items', { nome: name, categoria: 'Estranhas' }, [file(await make(), name)]);
    expect(status).toBe(201);
    const [link = ''] = (await door.get<{ fotos: string[] }>(`/Items/${body.itemId}`)).body.fotos;
    const stored = await sharp(Buffer.from(await (await fetch(link)).arrayBuffer())).metadata();
    expect([stored.width, stored.height, stored.space]).toEqual([width, height, 'srgb']);
  });
});

it('stores a photo without what the phone wrote into it', async () => {
  const tagged = await sharp(good).withExif({ IFD0: { Make: 'phone' }, IFD3: { GPSLatitude: '23/1 33/1 0/1', GPSLatitudeRef: 'S' } }).jpeg().toBuffer();
  expect((await sharp(tagged).metadata()).exif).toBeDefined();
  const { body } = await door.form<Created>('/Items', { nome: 'x', categoria: 'Estranhas' }, [file(tagged)]);
  const [link = ''] = (await door.get<{ fotos: string[] }>(`/Items/${body.itemId}`)).body.fotos;
  expect((await sharp(Buffer.from(await (await fetch(link)).arrayBuffer())).metadata()).exif).toBeUndefined();
});

it('refuses to learn from a single category, and says why', async () => {
  const { body } = await door.json<{ id: string }>('POST', '/Training', {});
  let training: Training | undefined;
  await eventually('the training has ended', async () => {
    training = (await door.get<Training>(`/Training/${body.id}`)).body;
    return training.status !== 'queued' && training.status !== 'running';
  }, 60_000);
  expect(training).toMatchObject({ status: 'refused', reason: expect.stringMatching(/categor/i) as string });
});

/** Signed by the platform's own key, a minute too old. */
async function expiredToken(): Promise<string> {
  const { jwtSecret } = JSON.parse(await readFile(path.join(platform.dataDir, 'secrets.json'), 'utf8')) as { jwtSecret: string };
  const claims = JSON.parse(Buffer.from((await door.signIn()).split('.')[1] ?? '', 'base64url').toString()) as object;
  const now = Math.floor(Date.now() / 1000);
  return jwt({ ...claims, iat: now - 960, exp: now - 60 }, jwtSecret);
}

function jwt(claims: object, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}
