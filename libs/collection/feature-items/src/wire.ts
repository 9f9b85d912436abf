import { MAX_PAGE, MAX_PHOTOS_PER_REQUEST } from '@repo/collection-domain';
import { augmentationSettings } from '@repo/contracts';
import { photoFile } from '@repo/http';
import { z } from 'zod';

// What goes over the wire keeps the documents' names. Lengths and letters are the domain's to judge.

const uuid = z.uuid().meta({ examples: ['019a1b2c-3d4e-7f50-8a6b-9c0d1e2f3a4b'] });
const nome = z.string().meta({ examples: ['1 real, 1998'] });
const descricao = z.string().meta({ examples: ['Bimetálica, circulada'] });
const categoria = z.string().meta({ description: 'Name or id of a category; a new name makes the category', examples: ['Moedas'] });
const fotos = z.array(photoFile).min(1).max(MAX_PHOTOS_PER_REQUEST);

export const newItemForm = z.strictObject({ nome, categoria, descricao: descricao.optional(), foto: fotos });
export const newPhotosForm = z.strictObject({ foto: fotos });

export const itemChangeBody = z
  .strictObject({ nome: nome.optional(), descricao: descricao.nullable().optional(), categoria: categoria.optional() })
  .refine((body) => Object.keys(body).length > 0, 'At least one of nome, descricao and categoria is expected')
  .meta({ description: 'What is absent stays as it is' });

export const itemListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  cursor: z.string().max(200).optional().meta({ description: 'From the Link header of the page before' }),
  categoria: z.string().max(400).optional().meta({ description: 'Name or id' }),
  q: z.string().max(200).optional().meta({ description: 'Words that must all occur in the name or the description; case and accents make no difference' }),
});

export const itemAnswer = z
  .object({
    id: uuid,
    nome,
    descricao: descricao.nullable(),
    categoriaId: uuid,
    categoria: z.string().meta({ examples: ['Moedas'] }),
    fotos: z.array(z.url()).meta({ description: 'Links that work without sign-in for 45 minutes at least, in the order of fotoIds' }),
    fotoIds: z.array(uuid),
    criadoEm: z.iso.datetime(),
  })
  .meta({ id: 'Item' });
export type ItemAnswer = z.infer<typeof itemAnswer>;

export const storedPhotosAnswer = z.object({
  success: z.literal(true),
  itemId: uuid,
  fotoId: uuid.meta({ description: 'The first of fotoIds' }),
  fotoIds: z.array(uuid),
});
export type StoredPhotosAnswer = z.infer<typeof storedPhotosAnswer>;

const categoryName = z.string().meta({ description: 'Unique for its owner; case and accents make no difference', examples: ['Moedas'] });
const settings = augmentationSettings.strict().meta({ description: 'How the photos of this category are varied for training' });

export const newCategoryBody = z.strictObject({ nome: categoryName, settings: settings.optional() });
export const categoryChangeBody = z
  .strictObject({ nome: categoryName.optional(), settings: settings.optional() })
  .refine((body) => Object.keys(body).length > 0, 'At least one of nome and settings is expected')
  .meta({ description: 'What is absent stays as it is' });
export const categoryDeleteQuery = z.strictObject({
  moveTo: z.uuid().optional().meta({ description: 'The category that takes the items of the deleted one' }),
});

export const categoryAnswer = z
  .object({ id: uuid, nome: categoryName, itens: z.int().meta({ description: 'Items in it' }), settings, criadoEm: z.iso.datetime() })
  .meta({ id: 'Categoria' });
export type CategoryAnswer = z.infer<typeof categoryAnswer>;

export const sweepBody = z.strictObject({ really: z.boolean().default(false).meta({ description: 'false only looks; true removes the orphans' }) });
export const sweepAnswer = z.object({
  orphans: z.int().meta({ description: 'Originals of more than an hour whose photo has no row' }),
  removed: z.int(),
  missing: z.int().meta({ description: 'Photos of more than an hour whose original is gone' }),
  photos: z.array(z.object({ fotoId: uuid, caminho: z.string() })).meta({ description: 'The first 100 of the missing' }),
});
