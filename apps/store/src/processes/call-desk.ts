import type { Coordinator } from '../coordinator/coordinator.js';
import { type Answer, CALLED, type Call, toFailure } from './messages.js';

/** Where the calls of one worker are answered, and what it holds is known, so that it can be given free when the worker is no more. */
export class CallDesk {
  private readonly underWay = new Set<Promise<Answer>>();
  private readonly holds = new Set<number>();

  constructor(private readonly coordinator: Coordinator) {}

  /** Never rejects: what goes wrong is the answer. */
  answer(call: Call): Promise<Answer> {
    const answering = this.carryOut(call).finally(() => this.underWay.delete(answering));
    this.underWay.add(answering);
    return answering;
  }

  /** When the worker has ended: brings what it asked for to its end, then releases what it holds. */
  async close(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    const holds = [...this.holds];
    this.holds.clear();
    // Blobs that cannot be removed now are orphans, for the next collection.
    await Promise.allSettled(holds.map((hold) => this.coordinator.release(hold)));
  }

  private async carryOut({ call, method, given }: Call): Promise<Answer> {
    try {
      if (!CALLED.includes(method)) throw new Error(`a worker asked for "${String(method)}", which there is not`);
      const ask = this.coordinator[method] as (...given: unknown[]) => Promise<unknown>;
      const result = await ask.apply(this.coordinator, given);
      if (method === 'hold' && result !== undefined) this.holds.add(result as number);
      if (method === 'release') this.holds.delete(given[0] as number);
      return { type: 'answer', call, result };
    } catch (error) {
      return { type: 'answer', call, failure: toFailure(error) };
    }
  }
}
