import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Manifest } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import type { NodeUse } from '@muster/contracts/kinds/content-uses.js';
import type { Problem } from '@muster/contracts/problem.js';
import { findDeploymentUses, findManifestUses, findNodeUses } from '@muster/contracts/requests/find-uses.js';
import { Bus } from '@muster/messaging/bus.js';
import { builtApp } from '@muster/localsite/repository.js';
import { loadConfig } from '@muster/platform/config.js';
import { startService } from '@muster/service/start-service.js';
import { bareEnvironment } from '@muster/testing/bare-environment.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers, type TestServersOptions } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'minio';
import { pino } from 'pino';
import { contentService } from '../src/content.service-definition.js';

export interface Answer<Body> {
  status: number;
  body: Body;
}

export interface UploadPlan {
  version: number;
  manifest: Digest;
  uploads: { digest: Digest; size: number; url: string }[];
}

/** A content service with real servers, and the words in which tests speak to it. */
export class ContentUnderTest {
  private second: Promise<SecondStore> | undefined;
  private secondFolder: string | undefined;
  /** Who names what, as the catalog and policy would say, by `Kind/name`. */
  readonly users = new Map<string, { nodes?: NodeUse[]; deployments?: string[] }>();
  /** Deployments whose devices are told of a version, by its manifest. */
  readonly told = new Map<string, string[]>();
  private readonly others: Bus[] = [];

  private constructor(
    readonly servers: TestServers,
    readonly environment: NodeJS.ProcessEnv,
    readonly app: NestFastifyApplication,
    /** The address of its REST API. */
    readonly url: string,
    readonly token: string,
  ) {}

  /** @param options of its servers; `settings` may depend on where they are */
  static async start(
    extra: NodeJS.ProcessEnv = {},
    options: TestServersOptions & { settings?: (servers: TestServers) => Promise<NodeJS.ProcessEnv> } = {},
  ): Promise<ContentUnderTest> {
    const servers = await startServers(options);
    try {
      const environment = { ...servers.environment('content'), ...extra, ...(await options.settings?.(servers)) };
      const app = await ContentUnderTest.startApp(environment);
      const url = `http://127.0.0.1:${environment['MUSTER_HTTP_PORT']}/api/v1`;
      const content = new ContentUnderTest(servers, environment, app, url, await servers.addToken('content'));
      await content.answerForOthers();
      return content;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  static startApp(environment: NodeJS.ProcessEnv): Promise<NestFastifyApplication> {
    return startService(contentService, loadConfig(contentService.config, environment), pino({ level: 'silent' }));
  }

  /** A replica as a process of its own. The caller ends it. */
  async startReplica(extra: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const child = fork(builtApp('content'), {
      env: {
        ...bareEnvironment(),
        ...this.environment,
        MUSTER_LOG_LEVEL: 'info',
        MUSTER_TRANSFER_SLOTS: '4',
        MUSTER_HTTP_PORT: String(await freePort()),
        MUSTER_GRPC_PORT: String(await freePort()),
        ...extra,
      },
      execArgv: [],
      silent: true,
    });
    let output = '';
    child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
    await until(() => {
      if (child.exitCode !== null) throw new Error(output);
      return output.includes('"listening"');
    });
    return child;
  }

  async stop(): Promise<void> {
    await this.app.close();
    for (const bus of this.others) await bus.close();
    await (await this.second)?.stop();
    await this.servers.stop();
  }

  /** The catalog and policy, as far as this service meets them. */
  private async answerForOthers(): Promise<void> {
    const connect = async (service: 'catalog' | 'policy') => {
      const {
        MUSTER_NATS_URL: url = '',
        MUSTER_NATS_USER: user,
        MUSTER_NATS_PASSWORD: password,
      } = this.servers.environment(service);
      const bus = await Bus.connect({ url, user, password, site: this.servers.site.siteCode, service });
      this.others.push(bus);
      return bus;
    };
    const usersOf = ({ kind, name }: { kind: string; name: string }) => this.users.get(`${kind}/${name}`);
    const catalog = await connect('catalog');
    catalog.answer(
      findNodeUses,
      async (asked) => ({ items: usersOf(asked)?.nodes ?? [] }),
      () => undefined,
    );
    const policy = await connect('policy');
    policy.answer(
      findDeploymentUses,
      async (asked) => ({ items: usersOf(asked)?.deployments ?? [] }),
      () => undefined,
    );
    policy.answer(
      findManifestUses,
      async ({ manifests }) => ({
        items: manifests.flatMap((manifest) => {
          const deployments = this.told.get(manifest);
          return deployments ? [{ manifest, deployments }] : [];
        }),
      }),
      () => undefined,
    );
  }

  async ask<Body = Problem>(method: string, path: string, document?: unknown): Promise<Answer<Body>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(document === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(document === undefined ? {} : { body: JSON.stringify(document) }),
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  }

  async apply(kind: string, plural: string, name: string, spec: object): Promise<void> {
    const { status, body } = await this.ask('PUT', `/${plural}/${name}`, {
      apiVersion: 'muster/v1',
      kind,
      metadata: { name },
      spec,
    });
    if (status >= 300) throw new Error(`${kind} ${name}: ${JSON.stringify(body)}`);
  }

  /** A point in the site's own store, by another address when a gate stands before it. */
  applyPoint(name: string, endpoint = this.environment['MUSTER_DP_ENDPOINT'], extra: object = {}): Promise<void> {
    return this.apply('DistributionPoint', 'distribution-points', name, {
      endpoint,
      bucket: this.environment['MUSTER_DP_BUCKET'],
      credentials: 'local',
      ...extra,
    });
  }

  /** A point of its own: another bucket of a second store. */
  async applyOwnPoint(name: string, extra: object = {}): Promise<void> {
    const endpoint = await this.secondEndpoint();
    const bucket = `point-${name}`;
    await this.makeBucket(endpoint, bucket);
    await this.applyPoint(name, endpoint, { bucket, ...extra });
  }

  /** The address of the second store, which begins with the first question for it; its keys are those of the site's own point. */
  async secondEndpoint(): Promise<string> {
    this.second ??= SecondStore.start({
      accessKeyId: this.environment['MUSTER_DP_ACCESS_KEY']!,
      secretAccessKey: this.environment['MUSTER_DP_SECRET_KEY']!,
    });
    const { endpoint, folder } = await this.second;
    this.secondFolder = folder;
    return endpoint;
  }

  async makeBucket(endpoint: string, bucket: string): Promise<void> {
    const client = this.clientOf(endpoint);
    if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket, 'us-east-1');
  }

  /** Takes a bucket away with all that it holds. */
  async removeBucket(endpoint: string, bucket: string): Promise<void> {
    const client = this.clientOf(endpoint);
    const keys: string[] = [];
    for await (const { name } of client.listObjectsV2(bucket, '', true)) keys.push(name);
    for (const key of keys) await client.removeObject(bucket, key);
    await client.removeBucket(bucket);
  }

  private clientOf(endpoint: string): Client {
    const { hostname, port } = new URL(endpoint);
    return new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: this.environment['MUSTER_DP_ACCESS_KEY']!,
      secretKey: this.environment['MUSTER_DP_SECRET_KEY']!,
      region: 'us-east-1',
    });
  }

  /** Where the stores keep their bytes: that of the site, which has the library, and the second one. */
  storeFolders(): string[] {
    return [this.servers.site.layout.store, ...(this.secondFolder === undefined ? [] : [this.secondFolder])];
  }

  announce(packageName: string, files: Manifest['files']): Promise<Answer<UploadPlan>> {
    return this.ask('POST', `/packages/${packageName}/versions`, { files });
  }

  commit<Body = Problem>(packageName: string, version: number): Promise<Answer<Body>> {
    return this.ask<Body>('POST', `/packages/${packageName}/versions/${version}/commit`);
  }

  /** Makes a package with one available version. */
  async upload(packageName: string, files: Record<string, Buffer>, spec: object = {}): Promise<UploadPlan> {
    await this.apply('Package', 'packages', packageName, spec);
    const { status, body: plan } = await this.announce(packageName, filesOf(files));
    if (status !== 201) throw new Error(JSON.stringify(plan));
    await sendAll(plan, Object.values(files));
    const committed = await this.commit(packageName, plan.version);
    if (committed.status !== 200) throw new Error(JSON.stringify(committed.body));
    return plan;
  }

  async progress(distributionName: string): Promise<DistributionProgress[]> {
    const { body } = await this.ask<{ status: { points: DistributionProgress[] } }>(
      'GET',
      `/distributions/${distributionName}`,
    );
    return body.status.points;
  }

  /** Waits until the first point of a Distribution is as wanted. */
  async untilProgress(
    distributionName: string,
    isSo: (progress: DistributionProgress) => boolean,
  ): Promise<DistributionProgress> {
    let last: DistributionProgress | undefined;
    try {
      await until(async () => {
        [last] = await this.progress(distributionName);
        return last !== undefined && isSo(last);
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; it is ${JSON.stringify(last)}`, { cause: error });
    }
    return last!;
  }
}

/** A store process with keys of its own and no limit on buckets. */
export class SecondStore {
  private constructor(
    readonly endpoint: string,
    readonly folder: string,
    private readonly home: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param folder of its bytes; default: one of its own, which goes with it */
  static async start(key: { accessKeyId: string; secretAccessKey: string }, ownFolder?: string): Promise<SecondStore> {
    const home = await mkdtemp(join(tmpdir(), 'muster-store-'));
    const folder = ownFolder ?? join(home, 'store');
    const keys = join(home, 'keys.json');
    await writeFile(keys, JSON.stringify([key]), { mode: 0o600 });
    const child = fork(builtApp('store'), {
      env: {
        ...bareEnvironment(),
        MUSTER_STORE_FOLDER: folder,
        MUSTER_STORE_CREDENTIALS_FILE: keys,
        MUSTER_LOG_LEVEL: 'warn',
      },
      execArgv: [],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) => reject(new Error(`the store ended with ${code}`)));
    });
    return new SecondStore(`http://127.0.0.1:${port}`, folder, home, child);
  }

  async stop(): Promise<void> {
    const exit = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await exit;
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Ends a process and waits until it has; its exit code. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return exit;
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function filesOf(files: Record<string, Buffer>): Manifest['files'] {
  return Object.entries(files).map(([path, bytes]) => ({ path, digest: digestOf(bytes), size: bytes.length }));
}

/** PUTs the bytes that a plan asks for. */
export async function sendAll(plan: Pick<UploadPlan, 'uploads'>, contents: Buffer[]): Promise<void> {
  const byDigest = new Map(contents.map((bytes) => [digestOf(bytes), bytes]));
  for (const { digest, url } of plan.uploads) {
    const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(byDigest.get(digest)!) });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}

/** A door before a store: it can be shut (connections are refused) or stuck (bytes stop after so many). */
export class Gate {
  /** Bytes towards the store that still pass; then everything stands still. */
  allowedBytes = Infinity;
  passedBytes = 0;
  /** Bytes that came from the store. */
  returnedBytes = 0;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly target: number) {}

  /** Its address, the same after every opening. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    // Of a range from which nobody takes it while the gate is shut.
    this.port ||= await freePort();
    const server = createServer((client) => this.pass(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
  }

  async shut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
    this.server = undefined;
  }

  private pass(client: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      this.allowedBytes -= bytes.length;
      if (this.allowedBytes <= 0) return;
      this.passedBytes += bytes.length;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      this.returnedBytes += bytes.length;
      client.write(bytes);
    });
  }
}
