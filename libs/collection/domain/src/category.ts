import { InvalidInputError, parseId, type CategoryId, type UserId } from '@repo/kernel';
import { cleanLine } from './clean-text.js';
import { CategoryInUseError } from './collection-errors.js';
import { foldText } from './fold-text.js';

/** How a category wants its photos varied; absent means the rule for its name. Same shape as the augmentation message's settings. */
export interface CategorySettings {
  /** The extra list after the nine base transforms; `none` for the base set alone. */
  profile?: 'none' | 'carros' | 'moedas' | 'animais' | 'arte';
  /** Adds central crop, saturation and hue. */
  extended?: boolean;
  /** False where a mirror image would be another thing. */
  allowMirror?: boolean;
  /** False where upside down would be another thing. */
  allowQuarterTurns?: boolean;
}

export interface Category {
  readonly id: CategoryId;
  readonly ownerId: UserId;
  /** As its owner wrote it. */
  readonly name: string;
  readonly settings: CategorySettings;
  readonly createdAt: Date;
}

export interface CountedCategory extends Category {
  readonly itemCount: number;
}

/** A category as people name it: one that must exist, or a name that is made when absent. */
export type CategoryReference = { readonly id: CategoryId } | { readonly name: string };

export const MAX_CATEGORY_NAME = 200;
/** Of the normalised name: compatibility decomposition can make one character many. */
const MAX_NORMALISED_NAME = 400;

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The name as it is kept and shown. Throws InvalidInputError unless 1 to 200 characters are left after trimming, and for a UUID. */
export function cleanCategoryName(name: string): string {
  const clean = cleanLine('A category name', name, MAX_CATEGORY_NAME);
  if (idForm.test(clean)) {
    throw new InvalidInputError('A category name must not look like an id: nobody could name the category');
  }
  normaliseCategoryName(clean);
  return clean;
}

/** What makes two names the same category: see `foldText`. Throws InvalidInputError when the result is empty or longer than 400 characters. */
export function normaliseCategoryName(name: string): string {
  const normalised = foldText(name);
  if (normalised.length === 0 || normalised.length > MAX_NORMALISED_NAME) {
    throw new InvalidInputError('A category name must hold letters, digits or signs, and not too many of them');
  }
  return normalised;
}

/** Reads the `categoria` field of a request: a UUID is an id, anything else a name. Throws InvalidInputError. */
export function readCategoryReference(text: string): CategoryReference {
  const trimmed = text.trim();
  return idForm.test(trimmed)
    ? { id: parseId<CategoryId>(trimmed, 'categoria') }
    : { name: cleanCategoryName(trimmed) };
}

/** A category with items goes only when they have somewhere to go. Throws CategoryInUseError, or InvalidInputError for a move onto itself. */
export function checkCategoryRemovable(category: { id: CategoryId; itemCount: number }, moveTo: CategoryId | undefined): void {
  if (moveTo === category.id) {
    throw new InvalidInputError('Items can\'t move to the category that is being deleted');
  }
  if (category.itemCount > 0 && moveTo === undefined) {
    throw new CategoryInUseError(category.itemCount);
  }
}
