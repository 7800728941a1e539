import { pullAnswerSchema, type PullAnswer } from '@muster/contracts/links/link-messages.js';
import type { LinkBus } from '@muster/messaging/link-bus.js';
import { Loop } from '@muster/messaging/loop.js';
import { comparePositions, type ReadingPlace } from '@muster/hierarchy/link.js';
import type { Database } from '@muster/persistence/database.js';
import type { Hierarchy, KnownSite } from './hierarchy.repository.js';
import type { Intake } from './intake.js';
import type { LinkPort } from './link-port.js';
import { LinkRepository } from './link.repository.js';
import { ReadingTurn } from './reading-turn.js';

/** Objects of a question. What is done once for all of them must not be seen in the time of each. */
const BATCH = 4_000;
/** How often a neighbour is asked without a hint; each silence counts as a failed attempt. */
const POLL_MILLISECONDS = 2_000;
/** What is written and not committed everywhere yet will be soon. */
const UNSETTLED_MILLISECONDS = 10;

/** Reads the feed of one neighbour, for as long as there is a link, in turn. The position is in Postgres, with what was read. */
export class LinkReader {
  private readonly links = new LinkRepository();
  private readonly turn: ReadingTurn;
  private readonly loop: Loop;
  private readonly stopHints: () => void;
  private stopping = false;

  constructor(
    private readonly peer: KnownSite,
    private readonly database: Database,
    private readonly port: LinkPort,
    private readonly intake: Intake,
    private readonly hierarchy: () => Hierarchy,
    bus: LinkBus,
    private readonly now: () => number,
    onError: (error: unknown) => void,
  ) {
    this.turn = new ReadingTurn(peer.code, database);
    this.loop = new Loop(() => this.round(), POLL_MILLISECONDS, onError);
    this.stopHints = bus.onHint(peer.code, () => this.loop.nudge());
  }

  start(): void {
    this.loop.start();
  }

  nudge(): void {
    this.loop.nudge();
  }

  /** Whether it is the turn of this process. */
  get reads(): boolean {
    return this.turn.held;
  }

  async stop(): Promise<void> {
    this.stopHints();
    this.stopping = true;
    await this.loop.stop();
    // Without an answer the turn ends by itself.
    await this.turn.leave().catch(() => undefined);
  }

  private async round(): Promise<void> {
    if (!(await this.turn.isMine())) return;
    try {
      await this.readToTheEnd();
      this.turn.went(true);
    } catch (error) {
      this.turn.went(false);
      await this.links.failed(this.database, this.peer.code, error instanceof Error ? error.message : String(error));
      throw error;
    }
    await this.intake.retry();
  }

  private async readToTheEnd(): Promise<void> {
    let ahead: Promise<Heard> | undefined;
    let more = true;
    while (more && !this.stopping && (await this.turn.isMine())) {
      const heard = await (ahead ?? this.ask(await this.links.place(this.database, this.peer.code)));
      const { place, answer } = heard;
      more = answer.beginAnew || answer.backlog > 0;
      // The neighbour looks for what comes next while this is taken in.
      ahead = more && !answer.beginAnew && this.turn.isSure ? this.askAhead(answer) : undefined;
      const moved = answer.beginAnew || answer.life !== place.life || comparePositions(answer.upto, place.after) !== 0;
      // Somebody reads from elsewhere meanwhile: what comes next here is not what comes next.
      if (moved && !(await this.intake.take(answer, this.hierarchy()))) ahead = undefined;
      await this.heard(heard, more);
    }
  }

  private async ask(place: ReadingPlace): Promise<Heard> {
    const asked = this.now();
    const answer = await this.port.ask(this.peer, 'pull', { ...place, limit: BATCH }, pullAnswerSchema);
    return { place, answer, clockAheadMilliseconds: Math.round(answer.clock - (asked + this.now()) / 2) };
  }

  private askAhead({ life, upto }: PullAnswer): Promise<Heard> {
    const ahead = this.ask({ life, after: upto });
    // Who waits for it hears why it failed; perhaps nobody does.
    ahead.catch(() => undefined);
    return ahead;
  }

  private async heard({ answer, clockAheadMilliseconds }: Heard, more: boolean): Promise<void> {
    const { backlog, unsettled } = answer;
    const level = !more && !unsettled;
    await this.links.succeeded(this.database, this.peer.code, { backlog, level, clockAheadMilliseconds });
    if (!unsettled) return;
    await new Promise((resolve) => setTimeout(resolve, UNSETTLED_MILLISECONDS));
    this.loop.nudge();
  }
}

/** An answer, and what was asked. */
interface Heard {
  readonly place: ReadingPlace;
  readonly answer: PullAnswer;
  readonly clockAheadMilliseconds: number;
}
