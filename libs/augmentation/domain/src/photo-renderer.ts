import type { PhotoId } from '@repo/kernel';
import type { VariantSettings } from './category-rules.js';
import type { QualityMeasures } from './quality.js';
import type { PlannedVariant } from './variant.js';
import type { VariantDefect } from './variant-integrity.js';

export interface RenderOrder {
  readonly photoId: PhotoId;
  /** Of the photo; seeds the variants. */
  readonly sha256: string;
  readonly category: string;
  readonly settings?: VariantSettings | undefined;
}

export interface RenderedVariant {
  readonly plan: PlannedVariant;
  /** JPEG; empty when the transformation failed. */
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Set when the variant failed its checks and must not be stored. */
  readonly defect?: VariantDefect | undefined;
  /** What was thrown by a transformation that failed, for the log. */
  readonly failure?: string | undefined;
}

export interface RenderedPhoto {
  readonly quality: QualityMeasures;
  readonly badQuality: boolean;
  readonly variants: readonly RenderedVariant[];
  /** Milliseconds: waiting for an image process, decoding and measuring, transforming and encoding, checking. */
  readonly stagesMs: { readonly wait: number; readonly decode: number; readonly render: number; readonly check: number };
  /** Resident memory of the image process afterwards, in bytes. */
  readonly workerMemoryBytes: number;
}

export abstract class PhotoRenderer {
  /**
   * Decodes a photo once, measures it, plans its variants and makes them.
   * Throws PhotoUnreadableError; RenderCrashedError and RenderTimeoutError, which are temporary.
   */
  abstract render(photo: Buffer, order: RenderOrder): Promise<RenderedPhoto>;
}
