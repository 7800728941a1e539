import { WAKE_UP_EVENT } from '@muster/contracts/agent/wake-up.js';

const AGAIN_MILLISECONDS = 1_000;

/** The stream that wakes an agent, held open for as long as the site lives, and opened again when it was lost. */
export class WakeUps {
  /** How often it was woken. */
  heard = 0;
  private readonly ended = new AbortController();
  private wake: () => void = () => undefined;
  private pending = false;

  constructor(
    private readonly base: string,
    private readonly accessToken: () => string,
  ) {}

  /** Until stopped or aborted. */
  async listen(signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.ended.signal]);
    while (!over.aborted) {
      try {
        await this.hear(over);
      } catch {
        // The site is away: policy is asked for now and then meanwhile.
      }
      if (!over.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS));
    }
  }

  stop(): void {
    this.ended.abort();
  }

  /** Ends early when it is woken, or was since the last pause. */
  async pause(milliseconds: number): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.pending = false;
  }

  private async hear(signal: AbortSignal): Promise<void> {
    const response = await fetch(`${this.base}/api/v1/agent/wake-ups`, {
      headers: { Authorization: `Bearer ${this.accessToken()}` },
      signal,
    });
    if (!response.ok || !response.body) return void (await response.body?.cancel());
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      if (!text.includes(`event: ${WAKE_UP_EVENT}`)) continue;
      this.heard += 1;
      this.pending = true;
      this.wake();
    }
  }
}
