import { randomUUID } from 'node:crypto';
import type { Database } from '@muster/persistence/database.js';
import { LinkRepository } from './link.repository.js';

/** So long a process that says nothing more keeps others from reading. */
const KEPT_MILLISECONDS = 10_000;
const RENEWED_AFTER_MILLISECONDS = 3_000;
const SURE_MILLISECONDS = 4_000;

/**
 * Of the processes of a service one reads the feed of a neighbour. Two would ask for the same twice, and who asks for what it was given
 * looks as if it had lost it. Nothing worse: a turn that lapses while its process still works does no harm.
 */
export class ReadingTurn {
  private readonly links = new LinkRepository();
  private readonly me = randomUUID();
  private renewAt = 0;
  private endsAt = 0;
  private failing = false;

  constructor(
    private readonly peer: string,
    private readonly database: Database,
  ) {}

  /** Whether this process reads, as it was when it last looked. */
  get held(): boolean {
    return performance.now() < this.endsAt;
  }

  /** Whether nobody else can have it before one more question is asked and answered. */
  get isSure(): boolean {
    return performance.now() < this.endsAt - SURE_MILLISECONDS;
  }

  /** Takes the turn where nobody has it, or keeps it. Who fails lets it lapse: another process may have a way to the neighbour. */
  async isMine(): Promise<boolean> {
    const now = performance.now();
    if (now < (this.failing ? this.endsAt : this.renewAt)) return true;
    const taken = await this.links.takeTurn(this.database, this.peer, this.me, KEPT_MILLISECONDS);
    this.renewAt = taken ? now + RENEWED_AFTER_MILLISECONDS : 0;
    this.endsAt = taken ? now + KEPT_MILLISECONDS : 0;
    return taken;
  }

  /** How reading went. */
  went(well: boolean): void {
    this.failing = !well;
  }

  /** Lets another process read at once. */
  async leave(): Promise<void> {
    if (!this.held) return;
    this.endsAt = this.renewAt = 0;
    await this.links.leaveTurn(this.database, this.peer, this.me);
  }
}
