import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnderTest, type Person } from './backend-under-test.js';

let backend: BackendUnderTest;
let ana: Person;
let bia: Person;
beforeAll(async () => {
  backend = await BackendUnderTest.start();
  ana = await backend.person('ana');
  bia = await backend.person('bia');
});
afterAll(() => backend.stop());

const photo = (background = '#a04030', size = 24) => sharp({ create: { width: size, height: size, channels: 3, background } }).jpeg().toBuffer();
const unknownId = '01890000-0000-7000-8000-000000000000';

describe('an item', () => {
  it('is kept with its photos, and its variants are asked for', async () => {
    const waitingBefore = await backend.waiting('ImageAugmentations');
    const { body } = await backend.createItem(ana, [await photo('red'), await photo('blue')], { nome: ' 1  real ', categoria: 'Moedas', descricao: 'Bimetálica' }).expect(201);
    expect(body).toEqual({ success: true, itemId: expect.any(String), fotoId: body.fotoIds[0], fotoIds: [expect.any(String), expect.any(String)] });

    const { body: item } = await backend.call('get', `/api/Items/${body.itemId}`, ana).expect(200);
    expect(item).toEqual({
      id: body.itemId,
      nome: '1 real',
      descricao: 'Bimetálica',
      categoriaId: expect.any(String),
      categoria: 'Moedas',
      fotos: [expect.stringContaining(body.fotoIds[0]), expect.stringContaining(body.fotoIds[1])],
      fotoIds: body.fotoIds,
      criadoEm: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await backend.keys('original')).toEqual(expect.arrayContaining(body.fotoIds.map((id: string) => `item/${body.itemId}/${id}.jpg`)));
    expect(await backend.waiting('ImageAugmentations')).toBe(waitingBefore + 2);
  });

  it('shows its photos by links that work without sign-in and end on their own', async () => {
    const { body } = await backend.createItem(ana, [await photo()]).expect(201);
    const { body: item } = await backend.call('get', `/api/Items/${body.itemId}`, ana);
    const { pathname, search } = new URL(item.fotos[0]);
    const picture = await backend.call('get', pathname + search).expect(200);
    expect(picture.headers).toMatchObject({ 'content-type': 'image/jpeg', 'x-content-type-options': 'nosniff' });
    expect(await sharp(picture.body).metadata()).toMatchObject({ width: 24, height: 24 });
    await backend.call('get', pathname + search.replace(/expires=\d+/, 'expires=9999999999')).expect(403);
    await backend.call('get', pathname).expect(403);
  });

  it('changes what is sent and keeps the rest', async () => {
    const { body } = await backend.createItem(ana, [await photo()], { nome: 'antes', categoria: 'Selos', descricao: 'fica' }).expect(201);
    const change = (fields: object) => backend.call('put', `/api/Items/${body.itemId}`, ana).send(fields);
    expect((await change({ nome: 'depois' }).expect(200)).body).toMatchObject({ nome: 'depois', categoria: 'Selos', descricao: 'fica' });
    expect((await change({ categoria: 'Cartões', descricao: null }).expect(200)).body).toMatchObject({ nome: 'depois', categoria: 'Cartões', descricao: null });
    await change({}).expect(400);
    await change({ nome: '' }).expect(400);
    await change({ ownerId: bia.id }).expect(400);
    expect((await change({ categoria: unknownId }).expect(404)).body).toMatchObject({ code: 'CATEGORY_NOT_FOUND' });
  });

  it('gets photos and loses them, but not the last', async () => {
    const { body: item } = await backend.createItem(ana, [await photo('red')]).expect(201);
    const photos = `/api/Items/${item.itemId}/fotos`;
    const { body: added } = await backend.call('post', photos, ana).attach('foto', await photo('green'), 'a.jpg').expect(201);
    expect(added).toMatchObject({ success: true, itemId: item.itemId, fotoIds: [added.fotoId] });
    await backend.call('delete', `${photos}/${item.fotoId}`, ana).expect(204);
    expect((await backend.call('get', `/api/Items/${item.itemId}`, ana)).body.fotoIds).toEqual([added.fotoId]);
    expect((await backend.call('delete', `${photos}/${added.fotoId}`, ana).expect(409)).body).toMatchObject({ code: 'LAST_PHOTO' });
    await backend.call('delete', `${photos}/${item.fotoId}`, ana).expect(404);
  });

  it('is gone when it is deleted, and its photos are to be removed', async () => {
    const { body } = await backend.createItem(ana, [await photo('red'), await photo('blue')]).expect(201);
    const removals = await backend.waiting('PhotoRemovals');
    const tombstones = await backend.count('RemovedPhotos');
    await backend.call('delete', `/api/Items/${body.itemId}`, ana).expect(204);
    expect(await backend.count('RemovedPhotos')).toBe(tombstones + 2);
    await backend.call('get', `/api/Items/${body.itemId}`, ana).expect(404);
    await backend.call('delete', `/api/Items/${body.itemId}`, ana).expect(404);
    expect(await backend.waiting('PhotoRemovals')).toBe(removals + 2);
  });

  it.each<[method: 'get' | 'put' | 'delete' | 'post', route: (item: string, photo: string) => string]>([
    ['get', (item) => `/api/Items/${item}`],
    ['put', (item) => `/api/Items/${item}`],
    ['delete', (item) => `/api/Items/${item}`],
    ['post', (item) => `/api/Items/${item}/fotos`],
    ['delete', (item, foto) => `/api/Items/${item}/fotos/${foto}`],
  ])('of another owner is not there: %s', async (method, route) => {
    const { body: theirs } = await backend.createItem(bia, [await photo()]).expect(201);
    const before = await backend.traces();
    const call = backend.call(method, route(theirs.itemId, theirs.fotoId), ana);
    const { body } = await (method === 'put' ? call.send({ nome: 'meu' }) : method === 'post' ? call.attach('foto', await photo(), 'a.jpg') : call).expect(404);
    expect(body).toMatchObject({ code: 'ITEM_NOT_FOUND' });
    expect(await backend.traces()).toEqual(before);
    expect((await backend.call('get', `/api/Items/${theirs.itemId}`, bia).expect(200)).body).toMatchObject({ nome: 'moeda' });
  });

  it('goes into a category by its id, its own alone', async () => {
    const { body: mine } = await backend.call('post', '/api/Categorias', ana).send({ nome: 'Minerais' }).expect(201);
    const { body: theirs } = await backend.call('post', '/api/Categorias', bia).send({ nome: 'Minerais' }).expect(201);
    const { body } = await backend.createItem(ana, [await photo()], { nome: 'quartzo', categoria: mine.id }).expect(201);
    expect((await backend.call('get', `/api/Items/${body.itemId}`, ana)).body).toMatchObject({ categoriaId: mine.id, categoria: 'Minerais' });
    expect((await backend.createItem(ana, [await photo()], { nome: 'quartzo', categoria: theirs.id }).expect(404)).body).toMatchObject({ code: 'CATEGORY_NOT_FOUND' });
  });
});

describe('the list', () => {
  let carla: Person;
  beforeAll(async () => {
    carla = await backend.person('carla');
    for (let i = 1; i <= 7; i += 1) {
      await backend.createItem(carla, [await photo()], { nome: `moeda número ${i}`, categoria: i % 2 ? 'Ímpares' : 'Pares' }).expect(201);
    }
  });
  const names = (body: { nome: string }[]) => body.map(({ nome }) => Number(nome.split(' ').at(-1)));

  it('leads from page to page, newest first, and counts all', async () => {
    const seen: number[] = [];
    let next: string | undefined = '/api/Items?limit=3';
    while (next) {
      const { body, headers } = (await backend.call('get', next, carla).expect(200)) as { body: { nome: string }[]; headers: Record<string, string> };
      expect(headers['x-total-count']).toBe('7');
      seen.push(...names(body));
      next = /<([^>]+)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it.each([
    ['categoria=pares', [6, 4, 2]],
    ['categoria=%C3%8DMPARES&limit=2', [7, 5]],
    ['categoria=nenhuma', []],
    ['q=NUMERO+3', [3]],
    ['q=nada', []],
    ['q=moeda&categoria=Pares', [6, 4, 2]],
  ])('finds %s', async (query, expected) => {
    expect(names((await backend.call('get', `/api/Items?${query}`, carla).expect(200)).body)).toEqual(expected);
  });

  it('keeps a filter from page to page', async () => {
    const { headers } = await backend.call('get', '/api/Items?q=moeda&categoria=Pares&limit=2', carla);
    const next = /<([^>]+)>/.exec(headers['link'] ?? '')?.[1] ?? '';
    expect(names((await backend.call('get', next, carla)).body)).toEqual([2]);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'page=2', `q=${'x'.repeat(201)}`])('refuses %s', async (query) => {
    expect((await backend.call('get', `/api/Items?${query}`, carla).expect(400)).body).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('answers 304 to who has it already', async () => {
    const { headers } = await backend.call('get', '/api/Items', carla).expect(200);
    expect(headers['cache-control']).toBe('private, no-cache');
    await backend.call('get', '/api/Items', carla).set('If-None-Match', headers['etag'] ?? '').expect(304);
  });

  it('shows nothing of others', async () => {
    const dora = await backend.person('dora');
    const { body, headers } = await backend.call('get', '/api/Items', dora).expect(200);
    expect([body, headers['x-total-count']]).toEqual([[], '0']);
  });
});

describe('categories', () => {
  let eva: Person;
  beforeAll(async () => (eva = await backend.person('eva')));

  it('are made, changed, listed and deleted', async () => {
    const { body: made } = await backend.call('post', '/api/Categorias', eva).send({ nome: 'Carros', settings: { profile: 'carros', allowMirror: false } }).expect(201);
    expect(made).toEqual({ id: expect.any(String), nome: 'Carros', itens: 0, settings: { profile: 'carros', allowMirror: false }, criadoEm: expect.any(String) });
    const { body: changed } = await backend.call('put', `/api/Categorias/${made.id}`, eva).send({ nome: 'Automóveis' }).expect(200);
    expect(changed).toMatchObject({ nome: 'Automóveis', settings: made.settings });
    expect((await backend.call('get', '/api/Categorias', eva).expect(200)).body).toEqual([changed]);
    await backend.call('delete', `/api/Categorias/${made.id}`, eva).expect(204);
    await backend.call('delete', `/api/Categorias/${made.id}`, eva).expect(404);
  });

  it('have names that differ by more than case and accents', async () => {
    await backend.call('post', '/api/Categorias', eva).send({ nome: 'Cartões' }).expect(201);
    expect((await backend.call('post', '/api/Categorias', eva).send({ nome: 'CARTOES' }).expect(409)).body).toMatchObject({ code: 'CATEGORY_EXISTS' });
    await backend.call('post', '/api/Categorias', ana).send({ nome: 'Cartoes' }); // another owner's is another
  });

  it('are deleted with items only when those have somewhere to go', async () => {
    const { body: item } = await backend.createItem(eva, [await photo()], { nome: 'selo', categoria: 'Selos' }).expect(201);
    const { categoriaId } = (await backend.call('get', `/api/Items/${item.itemId}`, eva)).body;
    const { body: target } = await backend.call('post', '/api/Categorias', eva).send({ nome: 'Filatelia' }).expect(201);
    expect((await backend.call('delete', `/api/Categorias/${categoriaId}`, eva).expect(409)).body).toMatchObject({ code: 'CATEGORY_IN_USE' });
    await backend.call('delete', `/api/Categorias/${categoriaId}?moveTo=${unknownId}`, eva).expect(404);
    await backend.call('delete', `/api/Categorias/${categoriaId}?moveTo=${target.id}`, eva).expect(204);
    expect((await backend.call('get', `/api/Items/${item.itemId}`, eva)).body).toMatchObject({ categoria: 'Filatelia' });
  });

  it.each<[name: string, body: object]>([
    ['no name', {}],
    ['an empty name', { nome: '  ' }],
    ['a long name', { nome: 'x'.repeat(201) }],
    ['a control character', { nome: 'a\u0000b' }],
    ['an unknown field', { nome: 'x', ownerId: unknownId }],
    ['an unknown profile', { nome: 'x', settings: { profile: 'trens' } }],
    ['an unknown setting', { nome: 'x', settings: { mirror: true } }],
  ])('refuse %s', async (_, body) => {
    expect((await backend.call('post', '/api/Categorias', eva).send(body).expect(400)).body).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('of another owner are not there', async () => {
    const { body } = await backend.call('post', '/api/Categorias', bia).send({ nome: 'só minha' }).expect(201);
    await backend.call('put', `/api/Categorias/${body.id}`, eva).send({ nome: 'x' }).expect(404);
    await backend.call('delete', `/api/Categorias/${body.id}`, eva).expect(404);
    expect((await backend.call('get', '/api/Categorias', eva)).body).not.toContainEqual(expect.objectContaining({ id: body.id }));
  });
});

describe('a repeated upload', () => {
  const send = async (key: string, background = 'red', nome = 'moeda') =>
    backend.createItem(ana, [await photo(background)], { nome, categoria: 'Moedas' }).set('Idempotency-Key', key);

  it('makes one item and gets one answer', async () => {
    const first = await send('key-1');
    expect(first.status).toBe(201);
    const before = await backend.traces();
    const second = await send('key-1');
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(await backend.traces()).toEqual(before);
  });

  it('makes one item when both come at the same instant', async () => {
    const before = await backend.count('Items');
    const answers = await Promise.all([send('key-2'), send('key-2')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await backend.count('Items')).toBe(before + 1);
  });

  it('is refused when the content is another', async () => {
    await send('key-3');
    expect(await send('key-3', 'blue')).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await send('key-3', 'red', 'outra')).toMatchObject({ status: 422 });
  });

  it('of another person is another upload', async () => {
    const first = await send('key-4');
    const { body } = await backend.createItem(bia, [await photo('red')]).set('Idempotency-Key', 'key-4').expect(201);
    expect(body.itemId).not.toBe(first.body.itemId);
  });
});

it('takes 50 uploads at once', async () => {
  const flora = await backend.person('flora');
  const photos = await Promise.all(Array.from({ length: 50 }, (_, i) => photo(`hsl(${i * 7}, 60%, 50%)`, 400)));
  const answers = await Promise.all(photos.map((one, i) => backend.createItem(flora, [one], { nome: `moeda ${i}`, categoria: 'Moedas' })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  const { body, headers } = await backend.call('get', '/api/Items?limit=200', flora);
  expect(headers['x-total-count']).toBe('50');
  // The category is new for all of them and made once; each item holds its own photo.
  expect(new Set(body.map(({ categoriaId }: { categoriaId: string }) => categoriaId)).size).toBe(1);
  const pictures = await Promise.all(
    body.map(async ({ fotos: [link = ''] }: { fotos: string[] }) => (await backend.call('get', new URL(link).pathname + new URL(link).search)).body as Buffer),
  );
  expect(new Set(pictures.map((bytes: Buffer) => createHash('sha256').update(bytes).digest('hex'))).size).toBe(50);
});
