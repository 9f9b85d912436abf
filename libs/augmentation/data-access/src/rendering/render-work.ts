import type { RenderOrder, VariantFormat } from '@repo/augmentation-domain';
import type { Rendering } from './render-photo.js';

/** What goes to an image process besides the photo's bytes. */
export interface RenderWork extends RenderOrder {
  readonly format: VariantFormat;
  /** A crash point that this order arms in the process, for tests. */
  readonly crashAt?: string | undefined;
}

/** What comes back. */
export type RenderReply =
  | { kind: 'rendered'; rendering: Rendering; memoryBytes: number }
  | { kind: 'undecodable'; reason: string };
