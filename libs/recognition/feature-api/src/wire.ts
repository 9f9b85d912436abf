import { backboneAdvice, knownBackbone } from '@repo/contracts';
import { photoFile } from '@repo/http';
import { z } from 'zod';

const share = z.number().min(0).max(1);
const instant = z.iso.datetime();

export const classifyForm = z.strictObject({ foto: photoFile });

const classGuess = z.object({ classe: z.string(), confiancaValor: share });

export const classificationAnswer = z
  .object({
    ...classGuess.shape,
    confianca: z.string().meta({ description: '`confiancaValor` for people', examples: ['92%'] }),
    conhecido: z.boolean().meta({ description: 'False below the threshold; then `classe` is `desconhecido`' }),
    alternativas: z.array(classGuess).meta({ description: 'The best guesses, at most 3' }),
    itemsSemelhantes: z.array(
      z.object({
        id: z.uuid(),
        nome: z.string(),
        categoria: z.string(),
        foto: z.string().meta({ description: 'A signed link to the item\'s photo that looks most like it' }),
        distancia: z.number().meta({ description: '1 - cosine similarity: 0 for the same picture' }),
      }),
    ),
    modelVersion: z.string().nullable().meta({ description: 'Null before the first training' }),
  })
  .meta({ id: 'Classification' });
export type ClassificationAnswer = z.infer<typeof classificationAnswer>;

/** Control characters and half a surrogate pair can't be stored. */
const storable = /^[^\p{Cc}\p{Cs}]*$/u;

export const trainingBody = z.strictObject({ motivo: z.string().trim().min(1).max(200).regex(storable, 'must not hold control characters').optional() });

const epochAnswer = z.object({
  epoch: z.number(),
  epochs: z.number(),
  loss: z.number(),
  accuracy: z.number(),
  val_loss: z.number().optional(),
  val_accuracy: z.number().optional(),
});

const leftOutCategory = z.object({ label: z.string(), photos: z.number(), items: z.number() });

export const trainingAnswer = z
  .object({
    id: z.uuid(),
    status: z.enum(['queued', 'running', 'done', 'refused', 'failed', 'cancelled']),
    motivo: z.string().optional(),
    requestedAt: instant,
    startedAt: instant.optional(),
    finishedAt: instant.optional(),
    reasonCode: z.string().optional(),
    reason: z.string().optional(),
    modelVersion: z.string().optional(),
    progress: z
      .object({
        phase: z.enum(['waiting', 'gathering', 'embedding', 'training', 'writing', 'uploading', 'announcing']),
        percent: z.number(),
        photosAugmenting: z.number().optional(),
        photos: z.number().optional(),
        categories: z.number().optional(),
        images: z.number().optional(),
        embedded: z.number().optional(),
        etaS: z.number().optional(),
        epochs: z.array(epochAnswer),
        leftOut: z.array(leftOutCategory).optional().meta({ description: 'Categories with too few photos or items to be learnt: the reader\'s own, for an administrator all' }),
      })
      .optional(),
  })
  .meta({ id: 'Training' });
export type TrainingAnswer = z.infer<typeof trainingAnswer>;

export const queuedAnswer = z.object({ id: z.uuid() });

const modelFigures = z.object({ accuracy: z.number(), loss: z.number(), macroF1: z.number(), ece: z.number(), valAccuracy: z.number(), valLoss: z.number() });

const modelBackbone = z
  .object({ id: z.string(), quality: knownBackbone.shape.quality.optional() })
  .meta({ id: 'ModelBackbone', description: 'What the version was trained on; `quality` is absent for versions of before it was kept' });

export const modelAnswer = z
  .object({
    version: z.string(),
    state: z.enum(['candidate', 'active', 'retired', 'refused', 'removed']),
    createdAt: instant,
    activatedAt: instant.optional(),
    path: z.string(),
    embeddings: z.string(),
    reason: z.string().optional(),
    metrics: modelFigures.optional().meta({ description: 'On photos that trained nothing; absent when they were lost' }),
    backbone: modelBackbone.optional(),
  })
  .meta({ id: 'Model' });
export type ModelAnswer = z.infer<typeof modelAnswer>;

export const modelReportAnswer = z
  .object({
    ...modelAnswer.shape,
    runId: z.uuid().optional(),
    temperature: z.number().optional(),
    perClass: z.array(z.object({ label: z.string(), precision: z.number(), recall: z.number(), f1: z.number(), support: z.number() })).optional(),
    confusion: z
      .object({ labels: z.array(z.string()), rows: z.array(z.array(z.number())) })
      .optional()
      .meta({ description: 'Rows: true class, columns: predicted' }),
    history: z.array(epochAnswer).optional(),
    lineage: z.record(z.string(), z.unknown()).optional().meta({ description: 'Photos, backbone, parameters, seed and what else it takes to make it again' }),
  })
  .meta({ id: 'ModelReport' });
export type ModelReportAnswer = z.infer<typeof modelReportAnswer>;

export const backboneAnswer = z
  .object({
    modelVersion: z.string().nullable().meta({ description: 'The version in charge; null before the first training' }),
    trainedOn: modelBackbone.optional(),
    next: knownBackbone.optional().meta({ description: 'What the next training uses; absent while the classifier does not answer' }),
    differs: z.boolean().optional().meta({ description: 'Whether the next training brings another backbone in; absent while that is not known' }),
    advice: backboneAdvice.optional().meta({ description: 'What would make recognition better, where something would' }),
  })
  .meta({ id: 'BackboneInUse' });
export type BackboneAnswer = z.infer<typeof backboneAnswer>;
