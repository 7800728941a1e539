/** Serves what is due, several at a time, as long as there is some. Replicas share by what `claim` locks. */
export class Senders<Work> {
  private readonly serving = new Set<Promise<void>>();
  private stopped = false;

  /**
   * @param most served by this process at the same time: a slow receiver holds one of these places, and nobody else's turn
   * @param claim takes what is due and nobody serves, under a lease
   * @param serve must leave it when `ends` answers true, and never throws for what a receiver does
   * @param onFree a place is free again: something may be claimed
   */
  constructor(
    private readonly most: number,
    private readonly claim: () => Promise<Work | undefined>,
    private readonly serve: (work: Work, ends: () => boolean) => Promise<void>,
    private readonly onFree: () => void,
    private readonly onError: (error: unknown, work: Work) => void,
  ) {}

  /** Begins to serve what is due, until nothing is or all places are taken. */
  async fill(): Promise<void> {
    while (!this.stopped && this.serving.size < this.most) {
      const work = await this.claim();
      if (work === undefined) return;
      const service = this.serve(work, () => this.stopped)
        .catch((error: unknown) => this.onError(error, work))
        .finally(() => {
          this.serving.delete(service);
          this.onFree();
        });
      this.serving.add(service);
    }
  }

  /** Begins nothing new. */
  stop(): void {
    this.stopped = true;
  }

  /** What is being sent is waited for, so that what was delivered is known as delivered. */
  async settled(): Promise<void> {
    await Promise.all(this.serving);
  }
}
