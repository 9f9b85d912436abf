import type { RenderOrder, VariantFormat } from '@repo/augmentation-domain';
import type { Rendering } from './render-photo.js';

/** What goes to an image process; the photo itself comes through its standard input. */
export interface RenderWork {
  photoBytes: number;
  order: RenderOrder;
  format: VariantFormat;
}

/** What comes back. */
export type RenderReply =
  | { kind: 'rendered'; rendering: Rendering; memoryBytes: number }
  | { kind: 'undecodable'; reason: string }
  /** A fault of ours; the process lives on. */
  | { kind: 'failed'; reason: string };
