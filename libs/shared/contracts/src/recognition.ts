import { z } from 'zod';

/** `POST /classify` of the classifier. */
export const classifyRequest = z.strictObject({
  /** Key in the bucket `temp`. */
  imagePath: z
    .string()
    .max(200)
    .regex(/^uploads\/[\w-]+\.\w+$/, 'must look like uploads/{id}.jpg'),
  /** Whose items are searched; without it none are. */
  ownerId: z.uuid().optional(),
  /** Similar items, at most. */
  k: z.number().int().min(1).max(50).default(5),
  /** False leaves the 1,280 numbers out of the answer. */
  embedding: z.boolean().default(true),
});
export type ClassifyRequest = z.infer<typeof classifyRequest>;

export const classifyAnswer = z.object({
  /** The most probable label; null while no model serves. */
  classe: z.string().nullable(),
  /** Its calibrated probability, 0 to 1. */
  confianca: z.number(),
  /** Of length 1 (L2). */
  embedding: z.array(z.number()).optional(),
  /** Best first, each item once. `distancia` is 1 - cosine similarity. */
  semelhantes: z.array(z.object({ itemId: z.uuid(), fotoId: z.uuid(), nome: z.string(), distancia: z.number() })),
  /** By label, over all labels of the model. */
  probabilities: z.record(z.string(), z.number()),
  modelVersion: z.string().nullable(),
  /** Wall time in milliseconds. */
  stages: z.object({ fetch: z.number(), queue: z.number(), decode: z.number(), forward: z.number(), search: z.number(), names: z.number(), total: z.number() }),
});
export type ClassifyAnswer = z.infer<typeof classifyAnswer>;

/** A backbone as people and services are told of it: nothing of the machine. */
export const knownBackbone = z
  .object({
    id: z.string().meta({ description: 'Names weights and preprocessing' }),
    quality: z.enum(['full', 'compact']).meta({ description: '`full`: weights that somebody chose; `compact`: those that come with the platform' }),
    origin: z.enum(['configured', 'data folder', 'shipped']),
    inputSize: z.number().meta({ description: 'Side of the square that it sees, in pixels' }),
  })
  .meta({ id: 'Backbone' });

export const backboneAdvice = z.object({ code: z.enum(['GET_FULL_BACKBONE', 'TRAIN_AGAIN']), message: z.string() }).meta({ id: 'BackboneAdvice' });

/** `detail` of the part `network` in the classifier's health. */
export const networkDetail = z.object({
  /** What was found at the start: it serves before the first training, and the next one uses it. */
  backbone: knownBackbone,
  /** Id of the backbone of the version that serves, where it is another. */
  trainedOn: z.string().optional(),
  advice: backboneAdvice.optional(),
});
export type NetworkDetail = z.infer<typeof networkDetail>;

/** `GET /version` of the classifier. */
export const servedVersionAnswer = z.object({
  /** Null while no model serves. */
  modelVersion: z.string().nullable(),
  backbone: knownBackbone.optional(),
});

/** `POST /api/UpdateModelVersion`, by the training service. */
export const updateModelVersionRequest = z.strictObject({
  /** Folder in the bucket `models`: `models/{version}`. */
  modelPath: z.string().min(1).max(200),
  /** Key of its vectors: `models/{version}/embeddings.faiss`. */
  embeddings: z.string().min(1).max(200),
});

export const updateModelVersionAnswer = z.object({
  version: z.string(),
  state: z.enum(['candidate', 'active', 'retired', 'refused', 'removed']),
  /** What the quality gate said. */
  reason: z.string().nullable(),
});
