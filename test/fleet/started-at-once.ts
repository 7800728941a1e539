/** Who has started a deployment that has a rollout, and has not told the end yet: agents count for themselves what the site must cap. */
export class StartedAtOnce {
  private readonly open = new Set<string>();
  /** The most there ever were. */
  most = 0;

  constructor(readonly cap: number) {}

  started(runId: string): void {
    this.open.add(runId);
    this.most = Math.max(this.most, this.open.size);
  }

  /** Before the end is sent: the site may know it from then on, and let the next one start. */
  endIsTold(runId: string): void {
    this.open.delete(runId);
  }
}
