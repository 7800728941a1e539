import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Comparison } from './comparison.js';
import type { Hierarchy } from './hierarchy.repository.js';
import { LinkRepository } from './link.repository.js';

const HOUR_MILLISECONDS = 3_600_000;
/** How often to look whether a comparison is due. */
const LOOK_MILLISECONDS = 60_000;

/** When comparisons are made without being asked for. */
export interface ComparisonTimes {
  /** From one comparison with a neighbour to the next. */
  readonly everyMilliseconds?: number;
  readonly lookMilliseconds?: number;
}

/**
 * Compares with every neighbour from time to time, and mends: what a link missed, however that came about, is not missing for ever.
 * Only with neighbours whose feeds are read to the end; what is still under way would differ, and comes anyway.
 */
export class ComparisonSchedule {
  private readonly links = new LinkRepository();
  private readonly loop: Loop;
  private readonly everyMilliseconds: number;

  constructor(
    private readonly database: Database,
    private readonly comparison: Comparison,
    private readonly hierarchy: () => Hierarchy,
    /** Whether this process reads the feed of that neighbour: one process compares. */
    private readonly reads: (peer: string) => boolean,
    times: ComparisonTimes,
    private readonly onError: (error: unknown) => void,
  ) {
    // Each process has a pace of its own, so that services and sites do not compare all at once.
    this.everyMilliseconds = (times.everyMilliseconds ?? HOUR_MILLISECONDS) * (0.75 + Math.random() / 2);
    this.loop = new Loop(() => this.round(), times.lookMilliseconds ?? LOOK_MILLISECONDS, onError);
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    const { neighbours } = this.hierarchy();
    if (neighbours.length === 0) return;
    const due = await this.links.dueForComparison(this.database, this.everyMilliseconds);
    for (const neighbour of neighbours) {
      if (!due.includes(neighbour.code) || !this.reads(neighbour.code)) continue;
      // One neighbour that went away meanwhile holds up none of the others; it is due again at the next look.
      await this.comparison.compare(neighbour, true).catch(this.onError);
    }
  }
}
