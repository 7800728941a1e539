import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ContentFault,
  type ContentReach,
  contentFaultsRequestSchema,
  contentLocationsRequestSchema,
  type Manifest,
} from '@muster/contracts/agent/content.js';
import {
  enrolmentProofSchema,
  enrolmentRequestSchema,
  type PublicKey,
  publicKeySchema,
  sessionRequestSchema,
} from '@muster/contracts/agent/enrolment.js';
import { keyOfferSchema, type KeyOffer } from '@muster/contracts/agent/keys.js';
import type { Assignment, PolicyBody, PolicyDocument, SealedValues } from '@muster/contracts/agent/policy.js';
import { fatesRequestSchema, type ToldFate } from '@muster/contracts/agent/fates.js';
import { type SoftwareRequest, softwareRequestSchema } from '@muster/contracts/agent/software.js';
import { type InventoryRequest, inventoryRequestSchema } from '@muster/contracts/agent/inventory.js';
import { type PermitRequest, permitRequestSchema, type PermitResponse } from '@muster/contracts/agent/permits.js';
import { type ReportsRequest, reportsRequestSchema } from '@muster/contracts/agent/reports.js';
import type { WakeUp } from '@muster/contracts/agent/wake-up.js';
import { canonicalJson, type Digest, digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import { SEALING, type SealingKey, sealingKeySchema } from '@muster/contracts/sealing.js';
import { calculateJwkThumbprint, CompactEncrypt, CompactSign, compactVerify, importJWK, jwtVerify } from 'jose';
import { enrol } from '../src/enrolment/enrol.js';
import { stateFolder } from '../src/identity/state-folder.js';

/** What a test makes of a request before the site sees it: nothing, a broken connection, or another answer. */
export type Fault = 'drop' | { status: number; headers?: Record<string, string>; body?: string } | undefined;

export const SITE = 'tst';
export const deviceUid = '0193e7a0-0000-7000-8000-000000000001';

/** A site as the contracts say, in one small real server with real keys. It dedupes nothing: it records. */
export class SiteUnderTest {
  /** Each batch of reports as it came, also those that were not answered. */
  readonly batches: ReportsRequest['reports'][] = [];
  /** What devices told of deployments apart from runs, in the order in which it came; each is acknowledged. */
  readonly fates: ToldFate[] = [];
  /** What devices told of themselves. */
  readonly inventories: InventoryRequest[] = [];
  readonly software: SoftwareRequest[] = [];
  /** `METHOD /path`, with what came as Range. */
  readonly requests: string[] = [];
  readonly enrolled = new Map<string, PublicKey>();
  /** A key that the device has offered and not proved yet. */
  offered: PublicKey | undefined;
  /** The key that the last session told, and hidden values that go out sealed to it. */
  sealingKey: SealingKey | undefined;
  hidden: SealedValues | undefined;
  bodies = new Map<Digest, string>();
  manifests = new Map<Digest, Manifest>();
  files = new Map<Digest, Buffer>();
  policy: PolicyDocument = {
    version: 1,
    site: SITE,
    deviceUid,
    serial: 1,
    issuedAt: new Date().toISOString(),
    pollSeconds: 1,
    assignments: [],
  };
  /** What was asked for where content is, with the points that the deployment allows. */
  readonly located: { manifest: string; reach: ContentReach | undefined }[] = [];
  /** Names of the distribution points, best first. */
  points = ['dp1'];
  /** Files that no point has: asked for them, the site says so. */
  withoutLocation: ReadonlySet<string> = new Set();
  /** What the site says of them. */
  withoutLocationCode = 'content.not-distributed';
  /** Downloads of more than so many bytes send these, then nothing more. */
  stallAt: number | undefined;
  /** What devices asked permits for, and what they are answered. */
  readonly permitsAsked: PermitRequest[] = [];
  permit: (asked: PermitRequest) => PermitResponse = () => ({ granted: true, startWithinSeconds: 600 });
  /** Bad copies that devices told of. */
  readonly contentFaults: ContentFault[] = [];
  fault: (request: string) => Fault = () => undefined;
  /** Bytes a distribution point gives for a file. */
  serve: (point: string, bytes: Buffer) => Buffer = (_point, bytes) => bytes;
  /** The signed policy as it goes out. */
  tamper: (jws: string) => string = (jws) => jws;
  token = '';
  url = '';
  /** Who waits for wake-ups. */
  readonly listeners = new Set<ServerResponse>();
  private formerKeys: { privateKey: KeyObject; thumbprint: string }[] = [];
  private readonly sessions = new Set<string>();
  private readonly assertions = new Set<string>();
  /** Behind the address of each file. */
  signature = randomBytes(8).toString('hex');

  private constructor(
    private readonly server: Server,
    private privateKey: KeyObject,
    public signingKey: PublicKey,
    public thumbprint: string,
  ) {}

  static async start(): Promise<SiteUnderTest> {
    const { privateKey, signingKey, thumbprint } = await newSiteKey();
    const server = createServer();
    const site = new SiteUnderTest(server, privateKey, signingKey, thumbprint);
    server.on('request', (request, response) => void site.answer(request, response));
    await site.listen(0);
    site.token = `mse_${randomBytes(32).toString('base64url')}.${site.thumbprint}`;
    return site;
  }

  /** Another key signs from now on. Those before vouch for it; `forget`: they do not. */
  async renewKey(forget = false): Promise<void> {
    const { privateKey, thumbprint } = this;
    this.formerKeys = forget ? [] : [...this.formerKeys, { privateKey, thumbprint }];
    ({ privateKey: this.privateKey, signingKey: this.signingKey, thumbprint: this.thumbprint } = await newSiteKey());
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Makes an agent's state folder a device of the site: what `muster-agent enrol` does, without the start of a program. */
  async enrolAgent(state: string): Promise<void> {
    const { signal } = new AbortController();
    await enrol(stateFolder(state), { server: this.url, token: this.token, signal });
  }

  /** Adds a package's files; the digest of their manifest. */
  addContent(files: Readonly<Record<string, { text: string | Buffer; executable?: boolean }>>): Digest {
    const manifest: Manifest = {
      files: Object.entries(files).map(([path, { text, executable }]) => {
        const bytes = Buffer.from(text);
        const digest = digestOfBytes(bytes);
        this.files.set(digest, bytes);
        return { path, digest, size: bytes.length, ...(executable ? { executable } : {}) };
      }),
    };
    const digest = digestOf(manifest);
    this.manifests.set(digest, manifest);
    return digest;
  }

  /** Deploys a body to the device as a further assignment of a new policy. */
  deploy(body: PolicyBody, uid: string, more: Partial<Assignment> = {}): Digest {
    const text = canonicalJson(body);
    const digest = digestOfBytes(text);
    this.bodies.set(digest, text);
    const deployment = { uid, name: `deployment-${uid.slice(-4)}`, generation: 1 };
    const assignment: Assignment = { deployment, purpose: 'Required', body: digest, ...more };
    const { serial, assignments } = this.policy;
    this.policy = { ...this.policy, serial: serial + 1, assignments: [...assignments, assignment] };
    return digest;
  }

  /** All reports in the order they came, duplicates included. */
  get received(): ReportsRequest['reports'] {
    return this.batches.flat();
  }

  async sign(payload: unknown, header: Record<string, string> = {}): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', kid: this.thumbprint, ...header })
      .sign(this.privateKey);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const what = `${request.method} ${path}`;
    this.requests.push(request.headers.range ? `${what} ${request.headers.range}` : what);
    const fault = this.fault(what);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString('utf8');
      if (what === 'POST /api/v1/agent/reports' && fault === 'drop') this.record(text);
      if (fault === 'drop') return void request.socket.destroy();
      if (fault) return void response.writeHead(fault.status, fault.headers).end(fault.body);
      await this.route(what, path, text, request, response);
    } catch (error) {
      problem(response, 400, 'test.bad-request', String(error));
    }
  }

  private async route(
    what: string,
    path: string,
    text: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (what === 'POST /api/v1/agent/enrolments') return this.enrol(JSON.parse(text), response);
    if (what === 'POST /api/v1/agent/sessions') return this.openSession(JSON.parse(text), response);
    if (path.startsWith('/dp')) return this.serveFile(path, request, response);
    if (!this.sessions.has(request.headers.authorization ?? ''))
      return problem(response, 401, 'session.expired-token', 'no');
    if (what === 'GET /api/v1/agent/wake-ups') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': stream begins\n\n');
      this.listeners.add(response);
      return void response.on('close', () => this.listeners.delete(response));
    }
    if (what === 'GET /api/v1/agent/site-key') {
      const voucher = Buffer.from(JSON.stringify({ site: SITE, siteKey: this.signingKey }));
      const vouchers = await Promise.all(
        this.formerKeys.map(({ privateKey, thumbprint: kid }) =>
          new CompactSign(voucher).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey),
        ),
      );
      return json(response, 200, { publicKey: this.signingKey, vouchers });
    }
    if (what === 'GET /api/v1/agent/policy') return this.sendPolicy(request, response);
    if (path.startsWith('/api/v1/agent/bodies/')) {
      const body = this.bodies.get(path.slice('/api/v1/agent/bodies/'.length) as Digest);
      return body === undefined ? problem(response, 404, 'policy.no-body', 'none') : void response.end(body);
    }
    if (what === 'POST /api/v1/agent/content-locations') return this.locate(JSON.parse(text), response);
    if (what === 'POST /api/v1/agent/permits') {
      const asked = permitRequestSchema.parse(JSON.parse(text));
      this.permitsAsked.push(asked);
      return json(response, 200, { ...this.permit(asked), newField: 'of a newer site' });
    }
    if (what === 'POST /api/v1/agent/fates') {
      const { fates } = fatesRequestSchema.parse(JSON.parse(text));
      this.fates.push(...fates);
      return json(response, 200, { acknowledged: fates.map(({ number }) => number) });
    }
    if (what === 'POST /api/v1/agent/inventory') {
      this.inventories.push(inventoryRequestSchema.parse(JSON.parse(text)));
      return void response.writeHead(204).end();
    }
    if (what === 'POST /api/v1/agent/software') {
      this.software.push(softwareRequestSchema.parse(JSON.parse(text)));
      return void response.writeHead(204).end();
    }
    if (what === 'POST /api/v1/agent/keys') {
      await this.takeOffer(keyOfferSchema.parse(JSON.parse(text)));
      return void response.writeHead(204).end();
    }
    if (what === 'POST /api/v1/agent/content-faults') {
      const { faults } = contentFaultsRequestSchema.parse(JSON.parse(text));
      this.contentFaults.push(...faults);
      return json(response, 202, { accepted: faults.length });
    }
    if (what === 'POST /api/v1/agent/reports') {
      const acknowledged = this.record(text).map(({ report }) => ({ runId: report.runId, number: report.number }));
      return json(response, 200, { acknowledged });
    }
    problem(response, 404, 'test.no-route', what);
  }

  /** Tells all who listen that policy may have changed. */
  wake(told: WakeUp = { withinSeconds: 0 }): void {
    for (const one of this.listeners) one.write(`event: policy\ndata: ${JSON.stringify(told)}\n\n`);
  }

  /** Bearer tokens are good no longer. */
  endSessions(): void {
    this.sessions.clear();
  }

  private async enrol(body: unknown, response: ServerResponse): Promise<void> {
    const { token, name, publicKey, proof } = enrolmentRequestSchema.parse(body);
    const key = await importJWK(publicKey, 'EdDSA');
    const { payload } = await compactVerify(proof, key, { algorithms: ['EdDSA'] });
    const claims = enrolmentProofSchema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    const tokenSha256 = createHash('sha256').update(token).digest('hex');
    if (token !== this.token || claims.name !== name || claims.tokenSha256 !== tokenSha256) {
      return problem(response, 401, 'enrolment.unknown-token', 'This enrolment token is unknown here');
    }
    this.enrolled.set(name, publicKey);
    json(response, 201, { deviceUid, site: SITE, signingKey: this.signingKey, newField: 'of a newer site' });
  }

  private async openSession(body: unknown, response: ServerResponse): Promise<void> {
    const { assertion } = sessionRequestSchema.parse(body);
    const [publicKey] = [...this.enrolled.values()].slice(-1);
    if (!publicKey) return problem(response, 401, 'session.unknown-device', 'nobody is enrolled');
    const verify = async (key: PublicKey) =>
      jwtVerify(assertion, await importJWK(key, 'EdDSA'), {
        algorithms: ['EdDSA'],
        issuer: deviceUid,
        audience: `muster:${SITE}`,
        requiredClaims: ['jti', 'iat', 'exp'],
      });
    const proven = await verify(publicKey).catch(() => undefined);
    const byOffered = !proven && this.offered ? await verify(this.offered).catch(() => undefined) : undefined;
    if (byOffered && this.offered) {
      this.enrolled.set('rotated', this.offered);
      this.offered = undefined;
    }
    const { payload } = proven ?? byOffered ?? {};
    if (!payload) return problem(response, 401, 'session.wrong-proof', 'another key made it');
    if (this.assertions.has(payload.jti ?? '')) return problem(response, 401, 'session.replayed', 'jti was used');
    this.assertions.add(payload.jti ?? '');
    this.sealingKey = sealingKeySchema.parse(payload['sealingKey']);
    const accessToken = randomBytes(16).toString('hex');
    this.sessions.add(`Bearer ${accessToken}`);
    json(response, 201, { accessToken, expiresAt: new Date(Date.now() + 600_000).toISOString() });
  }

  private async takeOffer({ publicKey, proof, consent }: KeyOffer): Promise<void> {
    const [current] = [...this.enrolled.values()].slice(-1);
    if (!current) throw new Error('nobody is enrolled');
    const claims = {
      deviceUid,
      from: await calculateJwkThumbprint(current),
      to: await calculateJwkThumbprint(publicKey),
    };
    if (claims.from === claims.to) return;
    for (const [jws, key] of [
      [proof, publicKey],
      [consent, current],
    ] as const) {
      const { payload } = await compactVerify(jws, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA'] });
      if (canonicalJson(JSON.parse(Buffer.from(payload).toString('utf8'))) !== canonicalJson(claims))
        throw new Error('other claims');
    }
    this.offered = publicKey;
  }

  private async sendPolicy(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const etag = `"${digestOf({ ...this.policy, hidden: this.hidden ?? null, key: this.sealingKey ?? null, by: this.thumbprint })}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    json(response, 200, { policy: this.tamper(await this.sign(await this.sealed())) }, { etag });
  }

  private async sealed(): Promise<PolicyDocument> {
    const { variables } = this.policy;
    if (!variables || !this.hidden || !this.sealingKey) return this.policy;
    const key = await importJWK({ ...this.sealingKey }, SEALING.alg);
    const values = Buffer.from(JSON.stringify(this.hidden));
    return {
      ...this.policy,
      variables: { ...variables, sealed: await new CompactEncrypt(values).setProtectedHeader(SEALING).encrypt(key) },
    };
  }

  private locate(body: unknown, response: ServerResponse): void {
    const request = contentLocationsRequestSchema.parse(body);
    this.located.push({ manifest: request.manifest, reach: request.reach });
    const manifest = this.manifests.get(request.manifest);
    if (!manifest) return problem(response, 404, 'content.unknown-manifest', 'no such content');
    const digests = request.files ?? manifest.files.slice(0, 500).map(({ digest }) => digest);
    if (digests.some((digest) => this.withoutLocation.has(digest)))
      return problem(response, 503, this.withoutLocationCode, 'No distribution point has the content yet');
    const locations = digests.map((digest) => ({
      digest,
      urls: this.points.map((point) => `${this.url}/${point}/${digest}?signature=${this.signature}`),
      points: this.points,
    }));
    json(response, 200, { manifest, locations, expiresAt: new Date(Date.now() + 60_000).toISOString() });
  }

  private serveFile(path: string, { headers, url }: IncomingMessage, response: ServerResponse): void {
    if (!url?.endsWith(`?signature=${this.signature}`)) return void response.writeHead(403).end();
    const [, point = '', digest] = path.split('/');
    const stored = this.files.get(digest as Digest);
    if (!stored) return void response.writeHead(404).end();
    const bytes = this.serve(point, stored);
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (this.stallAt !== undefined && bytes.length > this.stallAt) {
      return void response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, this.stallAt));
    }
    if (start === 0) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    if (start >= bytes.length) return void response.writeHead(416).end();
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(206, range).end(bytes.subarray(start));
  }

  private record(text: string): ReportsRequest['reports'] {
    const { reports } = reportsRequestSchema.parse(JSON.parse(text));
    this.batches.push(reports);
    return reports;
  }
}

function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  json(response, status, { type: 'about:blank', title: code, status, code, detail });
}

async function newSiteKey(): Promise<{ privateKey: KeyObject; signingKey: PublicKey; thumbprint: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  const signingKey = publicKeySchema.parse({ kty, crv, x });
  return { privateKey, signingKey, thumbprint: await calculateJwkThumbprint(signingKey) };
}
