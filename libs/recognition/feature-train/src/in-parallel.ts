/** Works through `entries`, at most `limit` at a time; the answers in their order. Stops at the first error, and throws it. */
export async function inParallel<Entry, Answer>(entries: readonly Entry[], limit: number, work: (entry: Entry) => Promise<Answer>): Promise<Answer[]> {
  const answers = new Array<Answer>(entries.length);
  const queue = entries.entries(); // shared: each worker takes the next
  let hasFailed = false;
  const workers = Array.from({ length: Math.min(limit, entries.length) }, async () => {
    for (const [place, entry] of queue) {
      if (hasFailed) {
        return;
      }
      try {
        answers[place] = await work(entry);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  });
  await Promise.all(workers);
  return answers;
}
