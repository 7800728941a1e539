/** A burst is taken in for this long before anything else is done with it. */
const MOST_MILLISECONDS = 5_000;

/** Facts of a crowd go together, whoever has to be served meanwhile. */
const BETWEEN_MILLISECONDS = 100;

/** How things are, when a relay asks whether it may rest. */
export interface Waiting {
  /** Somebody waits for what the service is busy with. */
  readonly isBusy: boolean;
  /** True when all facts up to this position are applied by everybody who reads them, as far as they have said so. */
  areApplied(position: number): Promise<boolean>;
}

/**
 * When the relay of an outbox leaves the machine to those who write into it (ADR 50). While it does, no other service works on what
 * comes in. It rests for at most five seconds at a stretch, and not again before everybody has applied what was held up: what waits never
 * adds up, and a service that is behind anyhow is held up for no longer than it takes to have more facts in a message.
 */
export class RelayRest {
  private since: number | undefined;
  /** How far all was published after the last rest. */
  private heldUpTo = 0;
  private publishedAt = -Infinity;

  /** @param now in milliseconds, of a clock that only goes forward */
  async isDue(now: number, { isBusy, areApplied }: Waiting): Promise<boolean> {
    if (!isBusy) return false;
    if (now - this.publishedAt < BETWEEN_MILLISECONDS) return true;
    if (this.since !== undefined) return now - this.since < MOST_MILLISECONDS;
    if (!(await areApplied(this.heldUpTo))) return false;
    this.since = now;
    return true;
  }

  /** Everything that was committed is published, up to this position. */
  published(now: number, position: number): void {
    this.publishedAt = now;
    if (this.since === undefined) return;
    this.since = undefined;
    this.heldUpTo = position;
  }
}
