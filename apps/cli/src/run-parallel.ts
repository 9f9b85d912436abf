/**
 * Works through a list with `parallel` at once, in order of start. The first error stops it:
 * what has begun ends, nothing new begins, and the error is thrown.
 */
export async function runParallel<T>(list: readonly T[], parallel: number, work: (each: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (!failed && next < list.length) {
      const each = list[next] as T;
      next += 1;
      try {
        await work(each);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(parallel, list.length) }, worker));
  const rejected = workers.find((result) => result.status === 'rejected');
  if (rejected) {
    throw rejected.reason;
  }
}
