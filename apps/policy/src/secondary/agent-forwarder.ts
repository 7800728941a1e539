import { pipeline, type Readable } from 'node:stream';
import { hash } from 'node:crypto';
import { ABILITIES_HEADER } from '@muster/contracts/agent/permits.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PolicyConfig } from '../config.js';
import { clientAddress, trustedProxies } from '@muster/service/client-address.js';
import { SiteRepository } from '../hierarchy/site.repository.js';
import { BodyCache } from '../serving/body-cache.js';
import { bodyHeaders, bodyTag } from '../serving/body-headers.js';
import { OwnPoints } from './own-points.service.js';
import { type PrimaryAnswer, PrimaryDoor } from './primary-door.js';

/** What agents ask, spelled plainly: nothing that could be read as another path on the way. */
const AGENT_PATH = /^\/api\/v1\/agent(\/([\w:-]|%3A)+)+$/i;
const BODY_PATH = /^\/api\/v1\/agent\/bodies\/(sha256(?::|%3A)[0-9a-f]{64})$/i;
const TO_PRIMARY = ['authorization', 'content-type', 'accept', 'if-none-match', 'traceparent', ABILITIES_HEADER];
const FROM_PRIMARY = ['content-type', 'etag', 'cache-control', 'retry-after', 'www-authenticate', 'x-accel-buffering'];
/** As the largest answer that an agent takes. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * What computers ask of a secondary site is answered by the primary site above it: it knows the devices, proves them, and signs. This
 * one saves the way for bodies, whose bytes never change, and offers its own points beside those of the primary one (ADR 52).
 */
@Injectable()
export class AgentForwarder implements OnApplicationBootstrap {
  private secondary = false;
  private readonly bodies = new BodyCache();
  private readonly trusted;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(PrimaryDoor) private readonly primary: PrimaryDoor,
    @Inject(OwnPoints) private readonly points: OwnPoints,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {
    this.trusted = trustedProxies(config.MUSTER_TRUSTED_PROXIES);
  }

  /** A site of a hierarchy keeps its kind, and the others take theirs at the start. */
  async onApplicationBootstrap(): Promise<void> {
    const own = await this.sites.find(this.database, this.config.MUSTER_SITE);
    this.secondary = own?.kind === 'secondary';
  }

  /**
   * Fastify's hook `onRequest`: answers at a secondary site, and lets pass at others.
   * Fails with MusterError `hierarchy.not-joined`, `.primary-unreachable`, `request.too-large`.
   */
  readonly handle = (request: FastifyRequest, reply: FastifyReply, pass: (error?: Error) => void): void => {
    const [path = ''] = request.url.split('?', 1);
    if (!this.secondary || !AGENT_PATH.test(path)) return pass();
    // Not by a promise of the hook: it would be that of the whole answer, and fail when a computer goes away.
    this.answer(path, request, reply).catch(pass);
  };

  private async answer(path: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const body = request.method === 'GET' ? undefined : await read(request.raw, this.config.MUSTER_BODY_LIMIT_BYTES);
    const digest = BODY_PATH.exec(path)?.[1]?.toLowerCase().replace('%3a', ':');
    const kept = digest === undefined ? undefined : this.bodies.find(digest);
    const headers = { ...this.headersFor(request), ...(kept && digest ? { 'if-none-match': bodyTag(digest) } : {}) };
    const answer = await this.primary.ask({ method: request.method, path: request.url, headers, body });
    if (kept && digest && answer.status === 304) {
      answer.body.resume();
      void reply.headers({ ...bodyHeaders(digest), 'content-type': 'application/json; charset=utf-8' });
      return void reply.code(200).send(kept);
    }
    if (answer.headers['content-type']?.startsWith('text/event-stream')) return passStream(answer, reply);
    let bytes = await read(answer.body, MOST_ANSWER_BYTES).catch((cause: unknown) => {
      const message = 'The answer of the primary site broke off';
      throw new MusterError('unavailable', 'hierarchy.primary-unreachable', message, { cause });
    });
    // Only what is what it says: agents verify it too, but one bad answer must not be told to all.
    if (digest && answer.status === 200 && `sha256:${hash('sha256', bytes)}` === digest)
      this.bodies.keep(digest, bytes);
    if (path.endsWith('/content-locations') && answer.status === 200 && body)
      bytes = await this.points.addTo(bytes, body, this.addressOf(request));
    if (path.endsWith('/content-faults') && answer.status === 202 && body) await this.points.check(body);
    void reply.code(answer.status).headers(headersOf(answer));
    void reply.send(answer.status === 304 ? undefined : bytes);
  }

  private headersFor(request: FastifyRequest): Record<string, string> {
    const named = TO_PRIMARY.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    // Boundaries of the primary site are for the device; it believes that if it trusts this site as a proxy.
    return { ...Object.fromEntries(named), 'x-forwarded-for': this.addressOf(request) };
  }

  private addressOf(request: FastifyRequest): string {
    const forwarded = request.headers['x-forwarded-for'];
    return clientAddress(
      request.socket.remoteAddress ?? '',
      Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
      this.trusted,
    );
  }
}

function headersOf({ headers }: PrimaryAnswer): Record<string, string> {
  const named = FROM_PRIMARY.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return Object.fromEntries(named) as Record<string, string>;
}

/** Events go on as they come, until either side goes away or this service stops. */
function passStream(answer: PrimaryAnswer, reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(answer.status, headersOf(answer));
  reply.raw.flushHeaders();
  pipeline(answer.body, reply.raw, () => undefined);
}

async function read(stream: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most)
      throw new MusterError(
        'too-large',
        'request.too-large',
        `More than ${most} bytes are not passed on to the primary site`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
