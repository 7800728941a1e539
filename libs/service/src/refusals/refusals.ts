import type { BlockList } from 'node:net';
import { CATEGORIES } from '@muster/contracts/problem.js';
import { Loop } from '@muster/messaging/loop.js';
import { auditMany } from '@muster/persistence/audit.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Logger } from 'pino';
import { actorName, type Principal } from '../auth/principal.js';
import { clientAddress, trustedProxies } from '../client-address.js';
import { type CountedRefusal, RefusalBook } from './refusal-book.js';
import { RefusedCaller } from './refused-caller.js';

/** One entry for a caller, a route and so much time. */
const TOLD_EVERY_MILLISECONDS = 60_000;

/** What happens all the time without anybody doing wrong: nothing was shown, a session ended, a device waits for its approval. */
const ROUTINE = new Set(['auth.missing', 'session.missing-token', 'session.expired-token', 'session.device-pending']);

/** Who asked for what, as far as it is known. */
export interface RefusedRequest {
  readonly principal: Principal | undefined;
  readonly route: string;
  /** The other end of the connection. */
  readonly connection: string;
  readonly forwarded: string | undefined;
}

/**
 * Writes into the audit record whom the service refused: by a wrong secret, or because they may not. Counted first, so that a flood of them is a few
 * rows a minute and a few entries in memory. A process that crashes loses those of its last minute.
 */
export class Refusals {
  private readonly book = new RefusalBook();
  private readonly trusted: BlockList;
  private waiting: readonly CountedRefusal[] = [];
  private readonly loop: Loop;

  constructor(
    private readonly database: Database,
    proxies: readonly string[],
    logger: Logger,
    everyMilliseconds = TOLD_EVERY_MILLISECONDS,
  ) {
    this.trusted = trustedProxies(proxies);
    this.loop = new Loop(
      () => this.tell(),
      everyMilliseconds,
      (error) => logger.warn({ err: error }, 'cannot write down whom this service refused; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await this.tell().catch(() => undefined);
  }

  /** Notes a request that failed, if it was refused because of who asked. Never fails. */
  note(error: unknown, { principal, route, connection, forwarded }: RefusedRequest): void {
    if (!(error instanceof MusterError) || ROUTINE.has(error.code)) return;
    const { status } = CATEGORIES[error.category];
    if (status !== 401 && status !== 403) return;
    const address = clientAddress(connection, forwarded, this.trusted);
    const known = error instanceof RefusedCaller ? error : undefined;
    this.book.note({
      caller: principal ? actorName(principal) : (known?.caller ?? `address:${address}`),
      route,
      code: error.code,
      address,
      secret: known?.secret,
    });
  }

  private async tell(): Promise<void> {
    // What could not be written is written first; nothing more is taken until then, so that memory stays bounded.
    if (this.waiting.length === 0) this.waiting = this.book.take();
    if (this.waiting.length === 0) return;
    const deeds = this.waiting.map(({ caller, route, codes, address, secret, count }) => ({
      actor: caller,
      action: 'refused',
      kind: 'Request',
      name: route,
      ...(codes.length > 0 ? { reason: codes.join(', ') } : {}),
      details: { count, address, ...(secret ? { secret } : {}) },
    }));
    await this.database.transaction((tx) => auditMany(tx, deeds));
    this.waiting = [];
  }
}
