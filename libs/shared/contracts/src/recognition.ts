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

/** `GET /version` of the classifier. */
export const servedVersionAnswer = z.object({
  /** Null while no model serves. */
  modelVersion: z.string().nullable(),
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
