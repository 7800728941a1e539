import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { Agent, type Dispatcher } from 'undici';
import { SiteRepository } from '../hierarchy/site.repository.js';

const CONNECT_MILLISECONDS = 5_000;
/** Shorter than agents wait, so that they hear the reason. */
const ANSWER_MILLISECONDS = 14_000;
/** Longest silence in an answer; a stream of events says every 15 s that it is still there. */
const SILENCE_MILLISECONDS = 60_000;
/** The address changes only when the site joins again, maybe by another process. */
const ADDRESS_MILLISECONDS = 2_000;

/** What is asked at the primary site. */
export interface PrimaryQuestion {
  readonly method: string;
  /** With its query; never an address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** What it answered. The body must be read or destroyed. */
export interface PrimaryAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** The way to the policy service of the site above: its public address, as this site joined it. */
@Injectable()
export class PrimaryDoor implements OnModuleDestroy {
  private readonly dispatcher: Dispatcher = new Agent({
    connect: { timeout: CONNECT_MILLISECONDS },
    headersTimeout: ANSWER_MILLISECONDS,
    bodyTimeout: SILENCE_MILLISECONDS,
    // Of each wake-up stream one.
    connections: null,
  });
  private readonly stopping = new AbortController();
  private known: { readonly address: string; readonly until: number } | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
  ) {}

  /**
   * No redirect is followed, and nothing is asked twice: whoever asked does that.
   *
   * @throws MusterError `hierarchy.not-joined`, `hierarchy.primary-unreachable` (both unavailable)
   */
  async ask({ method, path, headers, body }: PrimaryQuestion): Promise<PrimaryAnswer> {
    const origin = await this.address();
    try {
      const answer = await this.dispatcher.request({
        origin,
        path,
        method: method as Dispatcher.HttpMethod,
        headers,
        body: body ?? null,
        signal: this.stopping.signal,
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (cause) {
      throw new MusterError(
        'unavailable',
        'hierarchy.primary-unreachable',
        'The primary site, to which this secondary one hands what computers ask, does not answer. Go on with what you have and ask again',
        { cause },
      );
    }
  }

  /** Streams of events would keep the service from stopping. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.dispatcher.destroy();
  }

  private async address(): Promise<string> {
    const now = performance.now();
    if (this.known && now < this.known.until) return this.known.address;
    const address = await this.sites.parentAddress(this.database);
    if (address === undefined)
      throw new MusterError(
        'unavailable',
        'hierarchy.not-joined',
        'This secondary site does not know where its primary site is. Join it with "muster hierarchy join"; again, if it joined before this release',
      );
    this.known = { address, until: now + ADDRESS_MILLISECONDS };
    return address;
  }
}
