import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { deviceUid } from './device-uid.js';
import { type HttpAnswer, HttpConnection } from './http-connection.js';
import type { ReconnectPart, ReconnectResult } from './reconnect-load.js';

let load: Load | undefined;
process.on('message', (message: ReconnectPart | 'go') => {
  if (message === 'go') void load?.run().then((result) => process.send?.(result));
  else {
    load = new Load(message);
    process.send?.('ready');
  }
});
process.on('disconnect', () => process.exit());

/** The longest pause before another attempt; the n-th is at most 2^n seconds. */
const MOST_PAUSE_SECONDS = 16;

const SIGNED_BEFORE = 3;
/** An assertion is good for 120 s; signing those of all takes a while. */
const FRESH_MILLISECONDS = 60_000;

/** As long as an agent waits (apps/agent/src/http/transport.ts). */
const PATIENCE = { connect: 5_000, answer: 15_000 };

class Load {
  private readonly key: KeyObject;
  /** Of each agent some, signed before it begins: every computer does that on its own processor, here it would take the site's. */
  private readonly assertions: string[][];
  private began = 0;
  private readonly latencies: number[] = [];
  private readonly failures: Record<string, number> = {};

  constructor(private readonly part: ReconnectPart) {
    this.key = createPrivateKey(part.privateKey);
    this.assertions = Array.from({ length: part.agents }, (_, index) =>
      Array.from({ length: SIGNED_BEFORE }, () => this.assertion(index)),
    );
  }

  async run(): Promise<ReconnectResult> {
    const { agents, withinMilliseconds } = this.part;
    this.began = performance.now();
    const { began } = this;
    await Promise.all(
      Array.from({ length: agents }, async (_, index) => {
        const dueAt = began + (index / agents) * withinMilliseconds;
        await pause(dueAt - performance.now());
        await this.comeBack(index, dueAt);
      }),
    );
    return { latencies: this.latencies, failures: this.failures };
  }

  private async comeBack(index: number, dueAt: number): Promise<void> {
    for (let attempt = 1; performance.now() - dueAt < this.part.mostSeconds * 1000; attempt += 1) {
      const failed = await this.attempt(index);
      if (failed === undefined) {
        this.latencies.push(performance.now() - dueAt);
        return;
      }
      this.failures[failed.status] = (this.failures[failed.status] ?? 0) + 1;
      const least = Number(/^retry-after: (\d+)/im.exec(failed.head)?.[1] ?? 0);
      const jitter = Math.random() * Math.min(MOST_PAUSE_SECONDS, 2 ** attempt);
      await pause((least + jitter) * 1000);
    }
  }

  /** Undefined: served. */
  private async attempt(index: number): Promise<HttpAnswer | undefined> {
    const { port, tag } = this.part;
    let connection: HttpConnection;
    try {
      connection = await HttpConnection.open(port, addressOf(this.part.first + index), PATIENCE);
    } catch (error) {
      return { status: (error as { code?: string }).code ?? 'error', head: '', body: Buffer.alloc(0) };
    }
    try {
      const isFresh = performance.now() - this.began < FRESH_MILLISECONDS;
      const assertion = (isFresh ? this.assertions[index]?.pop() : undefined) ?? this.assertion(index);
      const body = JSON.stringify({ assertion });
      const session = await connection.ask(
        `POST /api/v1/agent/sessions HTTP/1.1\r\nhost: site\r\nuser-agent: muster-agent\r\ncontent-type: application/json\r\n` +
          `content-length: ${body.length}\r\n\r\n${body}`,
      );
      if (session.status !== '200') return session;
      const { accessToken } = JSON.parse(session.body.toString('utf8')) as { accessToken: string };
      const policy = await connection.ask(
        `GET /api/v1/agent/policy HTTP/1.1\r\nhost: site\r\nauthorization: Bearer ${accessToken}\r\n` +
          `if-none-match: ${tag}\r\nuser-agent: muster-agent\r\naccept-encoding: gzip\r\n\r\n`,
      );
      return policy.status === '304' || policy.status === '200' ? undefined : policy;
    } finally {
      connection.close();
    }
  }

  private assertion(index: number): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: deviceUid(this.part.first + index),
      aud: `muster:${this.part.site}`,
      jti: randomUUID(),
      iat: now,
      exp: now + 120,
    };
    const signed = `${encoded({ alg: 'EdDSA' })}.${encoded(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.key).toString('base64url')}`;
  }
}

/** Each agent is a computer with an address of its own: the system looks for a free port of one address for longer, the more of them are taken. */
function addressOf(agent: number): string {
  return `127.${1 + (agent >> 16)}.${(agent >> 8) & 255}.${agent & 255}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
