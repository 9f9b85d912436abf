import { z } from 'zod';
import { defineCommand } from './message.js';

/** How a category wants its photos varied; absent means the rule for its name, else the base set. */
export const augmentationSettings = z.object({
  /** The extra list after the nine base transforms; `none` for the base set alone. */
  profile: z.enum(['none', 'carros', 'moedas', 'animais', 'arte']).optional(),
  /** Adds central crop, saturation and hue. */
  extended: z.boolean().optional(),
  /** False where a mirror image would be another thing: coins, cards, anything with text. */
  allowMirror: z.boolean().optional(),
  /** False where upside down would be another thing. */
  allowQuarterTurns: z.boolean().optional(),
});

/** Text that every database can keep: no control characters, NUL above all, and no half surrogate pairs. */
const storable = z.string().min(1).regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters');

export const imageAugmentations = defineCommand(
  'photo.augment.v1',
  'ImageAugmentations',
  'A photo was stored: make its training variants.',
  z.object({
    itemId: z.uuid(),
    fotoId: z.uuid(),
    /** Key in the object store, bucket `original`. */
    fotoCaminho: storable.max(400),
    /** The category's name, as its owner wrote it. */
    categoria: storable.max(200),
    userId: z.uuid(),
    /** SHA-256 of the stored original, lower-case hex. */
    sha256: z.string().length(64).regex(/^[0-9a-f]*$/, 'must be 64 lower-case hexadecimal digits'),
    settings: augmentationSettings.optional(),
  }),
);

export const modelTraining = defineCommand(
  'model.train.v1',
  'ModelTraining',
  'A photo has its variants: count it towards the next training.',
  z.object({
    /** The augmentation job. */
    batchId: storable.max(100),
    /** Valid variants it wrote. */
    totalImages: z.number().int().nonnegative(),
    fotoId: z.uuid(),
  }),
);

export const photoRemovals = defineCommand(
  'photo.remove.v1',
  'PhotoRemovals',
  'A photo was deleted: remove its original, its variants and all rows about them.',
  z.object({
    itemId: z.uuid(),
    fotoId: z.uuid(),
    fotoCaminho: storable.max(400),
  }),
);

/** Every message of the platform; `docs/messages.md` is generated from it. */
export const messages = [imageAugmentations, modelTraining, photoRemovals];
