/** What goes to the process that decodes besides the photo's bytes. */
export interface PhotoOrder {
  /** `keep`: same size and format; `classify`: a small JPEG. */
  purpose: 'keep' | 'classify';
  maxPixels: number;
}

export interface FinishedPhoto {
  bytes: Buffer;
  width: number;
  height: number;
  sha256: string;
}

/** What comes back. */
export type PhotoVerdict =
  | { kind: 'accepted'; photo: FinishedPhoto }
  | { kind: 'too many pixels'; width: number; height: number }
  | { kind: 'animated' }
  | { kind: 'unreadable'; reason: string };
