import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { policyDocumentSchema, type PolicyDocument } from '@muster/contracts/agent/policy.js';
import { CompactSign, SignJWT, compactVerify, exportJWK, generateKeyPair, importJWK, type CryptoKey } from 'jose';
import { sealingKeySchema, type SealingKey } from '@muster/contracts/sealing.js';
import { unseal } from '@muster/service/sealing/seal.js';
import { sha256Hex } from '../src/tokens/secret.js';

/** An answer of the service, as far as tests look at it. */
export interface Answer {
  status: number;
  body: Record<string, never>;
  text: string;
  headers: Headers;
}

/** Sends one request and reads the answer. */
export async function call(
  base: string,
  path: string,
  options: { method?: string; token?: string; json?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method: options.method ?? (options.json === undefined ? 'GET' : 'POST'),
    headers: {
      ...(options.json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
  });
  const text = await response.text();
  let body = {};
  try {
    body = JSON.parse(text) as object;
  } catch {
    // An empty answer, or bytes.
  }
  return { status: response.status, body, text, headers: response.headers };
}

/** A computer with a real key pair that speaks the agent's protocol. */
export class TestDevice {
  uid = '';
  accessToken = '';
  signingKey: PublicKey | undefined;
  private sealing: { privateKey: KeyObject; publicKey: SealingKey } | undefined;

  private constructor(
    private readonly base: string,
    private readonly privateKey: CryptoKey,
    readonly publicKey: PublicKey,
  ) {}

  static async make(base: string): Promise<TestDevice> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const { x } = await exportJWK(publicKey);
    return new TestDevice(base, privateKey, { kty: 'OKP', crv: 'Ed25519', x: x ?? '' });
  }

  async enrol(token: string, change: { name?: string; proof?: string; facts?: object } = {}): Promise<Answer> {
    const name = change.name ?? 'computer';
    const proof = change.proof ?? (await this.prove({ tokenSha256: sha256Hex(token), name, iat: 1 }));
    const answer = await call(this.base, '/api/v1/agent/enrolments', {
      json: {
        token,
        name,
        publicKey: this.publicKey,
        proof,
        facts: change.facts ?? { hostname: 'computer\0', os: { id: 'debian\0' } },
      },
    });
    if (answer.status === 201) {
      this.uid = answer.body['deviceUid'] ?? '';
      this.signingKey = answer.body['signingKey'];
    }
    return answer;
  }

  async prove(claims: object): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(this.privateKey);
  }

  /** From the next session on it has a (new) key for secrets. */
  async makeSealingKey(): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const { kty, crv, x } = publicKey.export({ format: 'jwk' });
    this.sealing = { privateKey, publicKey: sealingKeySchema.parse({ kty, crv, x }) };
  }

  async unseal(sealed: string): Promise<unknown> {
    if (!this.sealing) throw new Error('it has no sealing key');
    return unseal(sealed, this.sealing.privateKey);
  }

  async assertion(
    change: {
      secondsFromNow?: number;
      lifeSeconds?: number;
      audience?: string;
      sealingKey?: SealingKey;
      hardware?: string;
    } = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000) + (change.secondsFromNow ?? 0);
    const sealingKey = change.sealingKey ?? this.sealing?.publicKey;
    const { hardware } = change;
    return new SignJWT({ ...(sealingKey ? { sealingKey } : {}), ...(hardware === undefined ? {} : { hardware }) })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(this.uid)
      .setAudience(change.audience ?? 'muster:S01')
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + (change.lifeSeconds ?? 60))
      .sign(this.privateKey);
  }

  async session(assertion?: string): Promise<Answer> {
    const answer = await call(this.base, '/api/v1/agent/sessions', {
      json: { assertion: assertion ?? (await this.assertion()) },
    });
    if (answer.status === 200) this.accessToken = answer.body['accessToken'] ?? '';
    return answer;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return call(this.base, `/api/v1/agent${path}`, { token: this.accessToken, headers });
  }

  async post(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return call(this.base, `/api/v1/agent${path}`, { token: this.accessToken, json, headers });
  }

  /** The policy, with the site's signature verified. */
  async policy(headers: Record<string, string> = {}): Promise<PolicyDocument> {
    const answer = await this.get('/policy', headers);
    if (answer.status !== 200 || !this.signingKey) throw new Error(`no policy: ${answer.status} ${answer.text}`);
    const key = await importJWK({ ...this.signingKey, alg: 'EdDSA' });
    const { payload } = await compactVerify(answer.body['policy'] ?? '', key, { algorithms: ['EdDSA'] });
    return policyDocumentSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
  }
}
