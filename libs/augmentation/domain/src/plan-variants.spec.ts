import { expect, it } from 'vitest';
import { planVariants, type PhotoToVary } from './plan-variants.js';

const sha256 = 'a'.repeat(64);
const quality = { sharpness: 800, brightness: 117.4, contrast: 50 };
const format = { longSide: 1024, jpegQuality: 90 };
const photo = (over: Partial<PhotoToVary> = {}): PhotoToVary => ({ sha256, category: 'Minerais', quality, ...over });
const transforms = (over: Partial<PhotoToVary> = {}) => planVariants(photo(over), format).variants.map(({ transform }) => transform);

const turns = ['rotate-90', 'rotate-180', 'rotate-270'];
const mirrors = ['flip-horizontal', 'flip-vertical'];
const tones = ['brightness', 'contrast', 'blur', 'clahe'];

it.each<[string, Partial<PhotoToVary>, string[]]>([
  ['anything: the nine', {}, [...turns, ...mirrors, ...tones]],
  ['extended: twelve', { settings: { extended: true } }, [...turns, ...mirrors, ...tones, 'central-crop', 'saturation', 'hue']],
  [
    'cars: all the way round, and warped',
    { category: 'Carros' },
    [...turns, ...mirrors, ...tones, 'rotation', 'rotation', 'rotation', 'rotation', 'perspective', 'perspective', 'perspective'],
  ],
  ['coins: turned finely, nearer and farther, never mirrored', { category: 'Moedas' }, [...turns, ...tones, 'rotation', 'rotation', 'rotation', 'rotation', 'zoom', 'zoom']],
  ['animals: turned a little, recoloured', { category: 'Animais' }, [...turns, ...mirrors, ...tones, 'rotation', 'rotation', 'colour-jitter', 'colour-jitter']],
  ['art: bent, and in other light', { category: 'Arte' }, [...turns, ...mirrors, ...tones, 'elastic', 'elastic', 'colour-shift', 'colour-shift']],
  ['cards: never mirrored', { category: 'Cartas' }, [...turns, ...tones]],
  ['what must stand: no turn far enough to lay it down', { category: 'Carros', settings: { allowQuarterTurns: false } }, [...mirrors, ...tones, 'perspective', 'perspective', 'perspective']],
  ['what must stand, held askew', { category: 'Animais', settings: { allowQuarterTurns: false } }, [...mirrors, ...tones, 'rotation', 'rotation', 'colour-jitter', 'colour-jitter']],
  ['a chosen profile, whatever the name', { category: 'Moedas', settings: { profile: 'none', allowMirror: true } }, [...turns, ...mirrors, ...tones]],
  ['low quality: the nine and no extras', { category: 'Carros', settings: { extended: true }, quality: { ...quality, sharpness: 3 } }, [...turns, ...mirrors, ...tones]],
])('plans for %s', (_, over, expected) => expect(transforms(over)).toEqual(expected));

it('never mirrors what must not be mirrored, in 1,000 plans', () => {
  const asked: Pick<PhotoToVary, 'category' | 'settings'>[] = [
    ...['Moedas do Império', 'Selos', 'Cartas Pokémon', 'Livros'].map((category) => ({ category, settings: { extended: true } })),
    ...['Carros', 'Animais', 'Arte', 'Minerais'].map((category) => ({ category, settings: { extended: true, allowMirror: false } })),
  ];
  const plans = Array.from({ length: 1_000 }, (_, index) => planVariants(photo({ sha256: `photo ${index}`, ...asked[index % asked.length] }), format).variants);
  expect(plans.every((variants) => variants.length >= 7)).toBe(true);
  expect(plans.flat().filter(({ transform }) => mirrors.includes(transform))).toEqual([]);
});

it('marks a photo of low quality', () => {
  expect(planVariants(photo(), format).badQuality).toBe(false);
  expect(planVariants(photo({ quality: { ...quality, brightness: 5 } }), format).badQuality).toBe(true);
});

it('plans the same again for the same photo, and other parameters for another', () => {
  const hashes = (over: Partial<PhotoToVary>) => planVariants(photo({ category: 'Carros', ...over }), format).variants.map(({ paramsHash }) => paramsHash);
  expect(hashes({})).toEqual(hashes({}));
  const seeded = (list: string[]) => list.slice(9);
  const [mine, theirs] = [seeded(hashes({})), seeded(hashes({ sha256: 'b'.repeat(64) }))];
  expect(mine.filter((hash) => theirs.includes(hash))).toEqual([]);
});

it('keeps a variant as it is when others join', () => {
  const plain = planVariants(photo({ category: 'Carros' }), format).variants;
  const extended = planVariants(photo({ category: 'Carros', settings: { extended: true } }), format).variants;
  expect(extended).toEqual(expect.arrayContaining([...plain]));
});

it('names every variant of a photo differently', () => {
  for (const category of ['Carros', 'Moedas', 'Animais', 'Arte']) {
    const names = planVariants(photo({ category, settings: { extended: true } }), format).variants.map(({ transform, paramsHash }) => `${transform}-${paramsHash}`);
    expect(new Set(names).size).toBe(names.length);
  }
});

it('draws within the documented ranges, for many photos', () => {
  for (let index = 0; index < 200; index++) {
    for (const { transform, params } of planVariants(photo({ sha256: `photo ${index}`, category: 'Moedas' }), format).variants) {
      if (transform === 'brightness') {
        expect(params.factor).toBeGreaterThanOrEqual(1.15);
        expect(params.factor).toBeLessThanOrEqual(1.45);
      } else if (transform === 'contrast') {
        expect(params.pivot).toBe(117);
      } else if (transform === 'rotation') {
        expect(Math.abs(params.degrees)).toBeGreaterThanOrEqual(3.5);
        expect(Math.abs(params.degrees)).toBeLessThanOrEqual(14.5);
      }
    }
  }
});

// The stored keys depend on it: when this changes, every photo that is augmented again gets new objects.
it('draws these parameters for this photo for ever', () => {
  const { variants } = planVariants(photo({ category: 'Moedas' }), format);
  expect(variants.map(({ transform, params, paramsHash }) => `${transform} ${JSON.stringify(params)} ${paramsHash}`)).toMatchInlineSnapshot(`
    [
      "rotate-90 {} c21d84361fd90e2b",
      "rotate-180 {} e8e20aeb07bdb21a",
      "rotate-270 {} 6b79d272cbf27511",
      "brightness {"factor":1.211} 57821b0715919749",
      "contrast {"factor":1.257,"pivot":117} cf2376a4bfaf0b4b",
      "blur {"sigma":2.623} da31cbf047c99a91",
      "clahe {"tiles":8,"clipLimit":2} 8a1bc9f8faadced2",
      "rotation {"degrees":-10.729} 0efc6a06355832b2",
      "rotation {"degrees":-3.952} 750c1af2f6a0f511",
      "rotation {"degrees":3.54} a7e6ef70b1e34085",
      "rotation {"degrees":10.635} 644a3377b9008dea",
      "zoom {"factor":1.221} ebd1ca005a0acc16",
      "zoom {"factor":0.772} 1cf9a093c877cc36",
    ]
  `);
});
