import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects what a training left behind. V8 collects when it allocates, and a service that waits
 * allocates nothing: without this a hundred megabytes of vectors would stay for hours.
 */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
