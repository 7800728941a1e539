import { randomUUID } from 'node:crypto';
import { sessionResponseSchema } from '@muster/contracts/agent/enrolment.js';
import type { SealingKey } from '@muster/contracts/sealing.js';
import { SignJWT } from 'jose';
import type { AgentIdentity } from '../identity/agent-identity.js';
import type { DeviceKey } from '../identity/device-key.js';
import { readAnswer } from './read-answer.js';
import type { Transport } from './transport.js';

const assertionSeconds = 60;
/** A token is renewed this long before its end, so that it does not run out on the way. */
const marginSeconds = 20;

/** Trades proofs of the device's key for bearer tokens, and keeps the token while it is good. */
export class Session {
  private current: { readonly token: string; readonly goodUntil: number } | undefined;
  private pending: Promise<string> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly identity: Pick<AgentIdentity, 'deviceUid' | 'site'>,
    private readonly key: DeviceKey,
    /** Told with every session, so that a new one is known with the next. */
    private readonly sealingKey: SealingKey,
    private readonly signal: AbortSignal,
    /** Of the firmware of this computer; a key that was copied is refused elsewhere. */
    private readonly hardware?: string,
  ) {}

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
    const path = '/api/v1/agent/sessions';
    const json = { assertion: await this.assertion() };
    const answer = await this.transport.send({ method: 'POST', path, json, signal: this.signal });
    const { accessToken, expiresAt } = readAnswer(sessionResponseSchema, answer, path);
    this.current = { token: accessToken, goodUntil: Date.parse(expiresAt) - marginSeconds * 1000 };
    return accessToken;
  }

  private assertion(): Promise<string> {
    const { deviceUid, site } = this.identity;
    const issuedAt = Math.floor(Date.now() / 1000);
    const { sealingKey, hardware } = this;
    return new SignJWT({ sealingKey, ...(hardware === undefined ? {} : { hardware }) })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: this.key.thumbprint })
      .setIssuer(deviceUid)
      .setAudience(`muster:${site}`)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionSeconds)
      .sign(this.key.privateKey);
  }
}
