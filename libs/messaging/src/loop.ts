/**
 * Repeats `round` until stopped: at once after a nudge, otherwise after `idleMilliseconds`. A round that fails is
 * repeated after a growing pause (up to 5 s), so that a broken dependency is neither hammered nor forgotten.
 */
export class Loop {
  private wake: (() => void) | undefined;
  private nudged = false;
  private running: Promise<void> | undefined;
  private stopping = false;

  constructor(
    private readonly round: () => Promise<void>,
    private readonly idleMilliseconds: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Asks for a round now. Cheap, and safe at any time. */
  nudge(): void {
    this.nudged = true;
    this.wake?.();
  }

  /** Lets the round in flight end, and starts no other. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake?.();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      this.nudged = false;
      try {
        await this.round();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.onError(error);
      }
      if (failures > 0) await this.pause(Math.min(5_000, 100 * 2 ** Math.min(failures, 6)), false);
      else if (!this.nudged) await this.pause(this.idleMilliseconds, true);
    }
  }

  private async pause(milliseconds: number, wakeable: boolean): Promise<void> {
    if (this.stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        if (!wakeable && !this.stopping) return;
        clearTimeout(timer);
        resolve();
      };
      // A nudge between the end of the round and this line must not be slept through.
      if (wakeable && this.nudged) this.wake();
    });
    this.wake = undefined;
  }
}
