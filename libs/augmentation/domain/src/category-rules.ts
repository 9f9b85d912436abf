import { createHash } from 'node:crypto';

export const variantProfiles = ['none', 'carros', 'moedas', 'animais', 'arte'] as const;
/** The list of extra variants that a category gets after the base set. */
export type VariantProfile = (typeof variantProfiles)[number];

/** What a category's owner has set; what is absent follows from the category's name. */
export interface VariantSettings {
  readonly profile?: VariantProfile | undefined;
  readonly extended?: boolean | undefined;
  readonly allowMirror?: boolean | undefined;
  readonly allowQuarterTurns?: boolean | undefined;
}

/** How a category's photos are varied, everything decided. */
export interface CategoryRules {
  readonly profile: VariantProfile;
  /** Central crop, saturation and hue besides. */
  readonly extended: boolean;
  /** False where the mirror image is another thing: a coin's legend, the text of a card. */
  readonly allowMirror: boolean;
  /** False where the thing lying on its side, or upside down, is another thing. */
  readonly allowQuarterTurns: boolean;
}

const profileWords: Record<Exclude<VariantProfile, 'none'>, readonly string[]> = {
  carros: ['carro', 'carros', 'carrinho', 'carrinhos', 'automovel', 'automoveis', 'veiculo', 'veiculos', 'car', 'cars', 'vehicle', 'vehicles'],
  moedas: ['moeda', 'moedas', 'numismatica', 'coin', 'coins'],
  animais: ['animal', 'animais', 'animals', 'bicho', 'bichos', 'passaro', 'passaros', 'bird', 'birds', 'gato', 'gatos', 'cat', 'cats', 'cachorro', 'cachorros', 'dog', 'dogs'],
  arte: ['arte', 'artes', 'quadro', 'quadros', 'pintura', 'pinturas', 'gravura', 'gravuras', 'art', 'arts', 'painting', 'paintings'],
};

/** Things with writing or a legend on them: no collector owns their mirror image. */
const unmirroredWords = new Set([
  ...profileWords.moedas,
  ...['medalha', 'medalhas', 'medal', 'medals', 'cedula', 'cedulas', 'nota', 'notas', 'banknote', 'banknotes', 'note', 'notes', 'bill', 'bills'],
  ...['selo', 'selos', 'filatelia', 'stamp', 'stamps', 'carta', 'cartas', 'cartao', 'cartoes', 'card', 'cards', 'figurinha', 'figurinhas', 'sticker', 'stickers'],
  ...['postal', 'postais', 'postcard', 'postcards', 'livro', 'livros', 'book', 'books', 'gibi', 'gibis', 'revista', 'revistas', 'comic', 'comics', 'magazine', 'magazines'],
  ...['rotulo', 'rotulos', 'label', 'labels', 'disco', 'discos', 'vinil', 'vinis', 'vinyl', 'vinyls', 'record', 'records', 'cartaz', 'cartazes', 'poster', 'posters'],
]);

/** The owner's settings, and where they are silent what the category's name suggests. */
export function rulesFor(category: string, settings: VariantSettings = {}): CategoryRules {
  const words = wordsOf(category);
  const named = variantProfiles.find((profile) => profile !== 'none' && profileWords[profile].some((word) => words.includes(word)));
  return {
    profile: settings.profile ?? named ?? 'none',
    extended: settings.extended ?? false,
    allowMirror: settings.allowMirror ?? !words.some((word) => unmirroredWords.has(word)),
    allowQuarterTurns: settings.allowQuarterTurns ?? true,
  };
}

/**
 * The category's part of an object key: its words without accents, joined by hyphens, at most 60 characters.
 * A name without a Latin letter or digit gets its SHA-256's first 12 digits instead.
 */
export function slugOf(category: string): string {
  const slug = wordsOf(category).join('-').slice(0, 60).replace(/-$/, '');
  return slug || createHash('sha256').update(category.normalize('NFC').trim()).digest('hex').slice(0, 12);
}

function wordsOf(category: string): string[] {
  return category.normalize('NFD').replace(/\p{Mark}/gu, '').toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
