import type { RenderOrder, VariantFormat } from '@repo/augmentation-domain';
import type { Rendering } from './render-photo.js';

/** What goes to an image process. */
export interface RenderWork {
  photo: Buffer;
  order: RenderOrder;
  format: VariantFormat;
}

/** What comes back. */
export type RenderReply =
  | { kind: 'rendered'; rendering: Rendering; memoryBytes: number }
  | { kind: 'undecodable'; reason: string }
  /** A fault of ours; the process lives on. */
  | { kind: 'failed'; reason: string };

export type ImageProcessMessage = { kind: 'ready' } | { kind: 'reply'; reply: RenderReply };
