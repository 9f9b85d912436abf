import type { InferenceEngine } from './inference.js';

/** Starts an engine for a while: its threads and their memory are there only between start and close. */
export abstract class EngineStarter {
  abstract start(): Promise<InferenceEngine>;
}
