/**
 * Does one thing for many at a time: what is added while a batch is on its way makes up the next.
 * A single item waits for nobody; under load a round trip carries many.
 */
export class Batches<Item> {
  private waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  private isRunning = false;

  /**
   * @param send handles a whole batch; when it throws, all of the batch have failed
   * @param limit most items in a batch
   */
  constructor(
    private readonly send: (items: Item[]) => Promise<void>,
    private readonly limit: number,
  ) {}

  /** Resolves when the batch with this item was sent. */
  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isRunning) {
        void this.run();
      }
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // Whatever is added in this same turn belongs to the first batch.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.limit);
      try {
        await this.send(batch.map(({ item }) => item));
        batch.forEach(({ resolve }) => resolve());
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
    this.isRunning = false;
  }
}
