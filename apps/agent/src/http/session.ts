import { randomUUID } from 'node:crypto';
import { sessionResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { SignJWT } from 'jose';
import type { AgentIdentity } from '../identity/agent-identity.js';
import type { DeviceKeys } from '../identity/key-rotation.js';
import { readAnswer } from './read-answer.js';
import { ServerError } from './server-error.js';
import type { Transport } from './transport.js';

const assertionSeconds = 60;
/** A token is renewed this long before its end, so that it does not run out on the way. */
const marginSeconds = 20;

export interface SessionOptions {
  readonly transport: Transport;
  readonly identity: Pick<AgentIdentity, 'deviceUid' | 'site'>;
  readonly keys: DeviceKeys;
  /** Of the firmware of this computer; a key that was copied is refused elsewhere. */
  readonly hardware?: string | undefined;
  readonly signal: AbortSignal;
  /** Keys that were to replace these when a crash came: the site may know them already. */
  readonly next?: DeviceKeys | undefined;
  /** Told that the site takes those only. */
  nextCounts?(): void;
}

/** Trades proofs of the device's key for bearer tokens, and keeps the token while it is good. */
export class Session {
  private current: { readonly token: string; readonly goodUntil: number } | undefined;
  private pending: Promise<string> | undefined;

  constructor(private readonly options: SessionOptions) {}

  /**
   * A bearer token that is good now. Callers at the same time share one request.
   * @throws ServerError, e.g. 401 when the site does not know this device any more
   */
  async token(): Promise<string> {
    if (this.current && Date.now() < this.current.goodUntil) return this.current.token;
    this.pending ??= this.begin().finally(() => (this.pending = undefined));
    return this.pending;
  }

  /** Forgets a token that the site refused. */
  drop(token: string): void {
    if (this.current?.token === token) this.current = undefined;
  }

  private async begin(): Promise<string> {
    const { keys, next, nextCounts } = this.options;
    try {
      return await this.prove(keys);
    } catch (error) {
      if (!next || !(error instanceof ServerError) || error.code !== 'session.wrong-proof') throw error;
      const token = await this.prove(next);
      nextCounts?.();
      return token;
    }
  }

  private async prove(keys: DeviceKeys): Promise<string> {
    const path = '/api/v1/agent/sessions';
    const { transport, signal } = this.options;
    const json = { assertion: await this.assertion(keys) };
    const answer = await transport.send({ method: 'POST', path, json, signal });
    const { accessToken, expiresAt } = readAnswer(sessionResponseSchema, answer, path);
    this.current = { token: accessToken, goodUntil: Date.parse(expiresAt) - marginSeconds * 1000 };
    return accessToken;
  }

  private assertion({ key, sealing }: DeviceKeys): Promise<string> {
    const { identity, hardware } = this.options;
    const issuedAt = Math.floor(Date.now() / 1000);
    // The sealing key is told with every session, so that a new one is known with the next.
    return new SignJWT({ sealingKey: sealing.publicKey, ...(hardware === undefined ? {} : { hardware }) })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: key.thumbprint })
      .setIssuer(identity.deviceUid)
      .setAudience(`muster:${identity.site}`)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionSeconds)
      .sign(key.privateKey);
  }
}
