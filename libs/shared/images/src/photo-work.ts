/** What goes to the process that decodes, and what comes back. */
export interface PhotoOrder {
  /** `keep`: same size and format; `classify`: a small JPEG. */
  purpose: 'keep' | 'classify';
  bytes: Buffer;
  maxPixels: number;
}

export interface FinishedPhoto {
  bytes: Buffer;
  width: number;
  height: number;
  sha256: string;
}

export type PhotoVerdict =
  | { kind: 'accepted'; photo: FinishedPhoto }
  | { kind: 'too many pixels'; width: number; height: number }
  | { kind: 'animated' }
  | { kind: 'unreadable'; reason: string };

export type WorkerMessage = { kind: 'ready' } | { kind: 'verdict'; verdict: PhotoVerdict };
