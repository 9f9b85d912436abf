export interface LoadRequest {
  readonly kind: 'load';
  readonly modelId: number;
  /** Each thread gets a copy and keeps it no longer than it loads. */
  readonly onnx: Uint8Array;
}

export interface RunRequest {
  readonly kind: 'run';
  readonly jobId: number;
  readonly modelId: number;
  /** JPEG, PNG or WebP. */
  readonly photo: Uint8Array;
}

export interface UnloadRequest {
  readonly kind: 'unload';
  readonly modelId: number;
}

/** What the engine asks of a thread. */
export type ThreadRequest = LoadRequest | RunRequest | UnloadRequest;

export interface DoneAnswer {
  readonly kind: 'done';
  readonly jobId: number;
  readonly embedding: Float32Array;
  readonly probabilities: Float32Array | undefined;
  readonly decodeMs: number;
  readonly forwardMs: number;
}

/** What a thread answers: one to each `load` and each `run`. */
export type ThreadAnswer =
  | DoneAnswer
  | { readonly kind: 'loaded'; readonly modelId: number }
  | { readonly kind: 'unusable'; readonly modelId: number; readonly message: string }
  | { readonly kind: 'undecodable' | 'failed'; readonly jobId: number; readonly message: string };
