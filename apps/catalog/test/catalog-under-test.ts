import { createHash, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { type OutboxEntry, outboxRead } from '@muster/contracts/subjects.js';
import { findDeployments } from '@muster/contracts/requests/find-deployments.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { sealedForStep } from '@muster/contracts/requests/read-sequence.js';
import { sealedSecretSchema, sealingKeySchema } from '@muster/contracts/sealing.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { loadConfig } from '@muster/platform/config.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { startService } from '@muster/service/start-service.js';
import { unseal } from '@muster/service/sealing/seal.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { pino } from 'pino';
import { catalogService } from '../src/catalog.service-definition.js';

/** An answer; the body as the test expects it. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

/**
 * A running catalog with real servers, a content service that knows everything but what is called `nothing…`, and a deployment
 * service that has one deployment, of every sequence called `deployed…`.
 */
export class CatalogUnderTest {
  private constructor(
    private readonly servers: TestServers,
    private app: NestFastifyApplication,
    private readonly content: Bus,
    private readonly deployment: Bus,
    private readonly policy: Bus,
    private readonly sealing: KeyObject,
    private readonly facts: OutboxEntry[],
    readonly base: string,
    readonly grpcAddress: string,
    readonly token: string,
    readonly database: Database,
  ) {}

  static async start(): Promise<CatalogUnderTest> {
    const servers = await startServers();
    const environment = servers.environment('catalog');
    const config = loadConfig(catalogService.config, environment);
    const app = await startService(catalogService, config, pino({ level: 'silent' }));
    const busOf = (service: ServiceName): Promise<Bus> => {
      const { MUSTER_NATS_USER: user, MUSTER_NATS_PASSWORD: password } = servers.environment(service);
      return Bus.connect({ url: config.MUSTER_NATS_URL, user, password, site: 'S01', service });
    };
    const content = await busOf('content');
    const deployment = await busOf('deployment');
    deployment.answer(
      findDeployments,
      async ({ sequence }) =>
        sequence.startsWith('deployed') ? { names: [`${sequence}-pilot`], total: 1 } : { names: [], total: 0 },
      (error) => {
        throw error;
      },
    );
    content.answer(
      resolveContent,
      async ({ packages, contents = [], applications = [] }) => ({
        packages: packages.map((name) => ({ name, exists: isThere(name), programs: {}, distributed: null })),
        contents: contents.map(({ kind, name }) => ({ kind, name, exists: isThere(name), distributed: null })),
        applications: applications.map((name) => ({ name, spec: isThere(name) ? SOME_APPLICATION : null })),
      }),
      (error) => {
        throw error;
      },
    );
    const policyEnvironment = servers.environment('policy');
    const policy = await Bus.connect({
      url: config.MUSTER_NATS_URL,
      user: policyEnvironment['MUSTER_NATS_USER'],
      password: policyEnvironment['MUSTER_NATS_PASSWORD'],
      site: 'S01',
      service: 'policy',
    });
    const sealing = answerForPolicy(policy);
    const facts: OutboxEntry[] = [];
    content.answer(
      outboxRead('content'),
      async ({ after, limit }) => ({ head: facts.length, entries: facts.slice(after, after + limit) }),
      (error) => {
        throw error;
      },
    );
    const token = await servers.addToken('catalog');
    const database = new Database({ url: environment['MUSTER_DATABASE_URL'] ?? '', schema: 'catalog' });
    const base = `http://127.0.0.1:${config.MUSTER_HTTP_PORT}`;
    return new CatalogUnderTest(
      servers,
      app,
      content,
      deployment,
      policy,
      sealing,
      facts,
      base,
      `127.0.0.1:${config.MUSTER_GRPC_PORT}`,
      token,
      database,
    );
  }

  /** The content service tells, in its outbox, that content of some kind was saved or deleted. */
  tellOfContent(kind: ContentKind, fact: 'saved' | 'deleted', name: string): void {
    const now = new Date().toISOString();
    const resource = {
      apiVersion: 'muster/v1',
      kind,
      metadata: { name, uid: randomUUID(), resourceVersion: '1', generation: 1, createdAt: now, updatedAt: now },
      spec: {},
      status: { versions: [] },
    };
    this.facts.push({
      position: this.facts.length + 1,
      id: randomUUID(),
      subject: resourceEvents(CONTENT_RESOURCES[kind])[fact].subject({ site: 'S01' }),
      payload: { resource, actor: 'test' },
      traceparent: null,
      occurredAt: now,
    });
  }

  /** The token of somebody else than the usual one, who is called "test". */
  async tokenOf(name: string): Promise<string> {
    const token = `muster_${randomBytes(32).toString('base64url')}`;
    await this.database.query('insert into api_token (uid, name, sha256) values ($1, $2, $3)', [
      randomUUID(),
      name,
      createHash('sha256').update(token).digest('hex'),
    ]);
    return token;
  }

  /** Task sequences as they go from site to site. */
  get replicatedSequences(): ReplicatedKind {
    return this.app.get(Replicas).kinds.find(({ kind }) => kind === 'TaskSequence')!;
  }

  /** What a reference to a sealed secret stands for. */
  async opened(reference: unknown): Promise<string> {
    const name = String(reference).replaceAll('%', '');
    const [row] = await this.database.query<{ sealed: string }>('select sealed from sealed_secret where name = $1', [
      name,
    ]);
    const secret = sealedSecretSchema.parse(await unseal(row?.sealed ?? '', this.sealing));
    if (secret.for !== sealedForStep(name)) throw new Error(`it is sealed for ${secret.for}`);
    return secret.value;
  }

  /** Everything in the tables of the catalog, as text. */
  dump(): Promise<string> {
    return this.servers.dump('catalog');
  }

  /** Ends the service and starts it again, same database, same ports. */
  async restart(): Promise<void> {
    await this.app.close();
    const config = loadConfig(catalogService.config, this.servers.environment('catalog'));
    this.app = await startService(catalogService, config, pino({ level: 'silent' }));
  }

  async stop(): Promise<void> {
    await this.database.close();
    await this.app.close();
    await this.content.close();
    await this.deployment.close();
    await this.policy.close();
    await this.servers.stop();
  }

  /** Asks the REST door. A body is sent as JSON; headers win over the usual ones. */
  async call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? {} : JSON.parse(text)) as Body,
      headers: response.headers,
    };
  }

  /** Applies a sequence; fails when it is refused. */
  async save(name: string, steps: unknown[], query = '', spec: object = {}): Promise<Answer<SavedSequence>> {
    const answer = await this.apply(name, steps, query, spec);
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer;
  }

  /** Applies a sequence, whatever comes of it. */
  async apply(
    name: string,
    steps: unknown[],
    query = '',
    spec: object = {},
    headers: Record<string, string> = {},
  ): Promise<Answer<SavedSequence>> {
    const document = { apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: { name }, spec: { ...spec, steps } };
    return this.call('PUT', `/api/v1/task-sequences/${name}${query}`, document, headers);
  }

  /** Calls a gRPC method of a service. */
  async grpc<Reply>(service: string, method: string, request: object): Promise<Reply> {
    const client = grpcClient('catalog', service, this.grpcAddress, this.token);
    try {
      return await client.call<Reply>(method, request);
    } finally {
      client.close();
    }
  }
}

function isThere(name: string): boolean {
  return !name.startsWith('nothing');
}

const SOME_APPLICATION = {
  deploymentTypes: [{ name: 'any', install: { command: 'true' }, detection: { file: '/etc/hostname' } }],
};

/** The questions of secrets as the policy service answers them, with a key of their own. */
function answerForPolicy(policy: Bus): KeyObject {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  const key = sealingKeySchema.parse({ kty, crv, x });
  const fail = (error: unknown): void => {
    throw error;
  };
  const valueOf = async (sealed: string) => sealedSecretSchema.parse(await unseal(sealed, privateKey)).value;
  policy.answer(readSealingKey, async () => ({ key }), fail);
  policy.answer(
    compareSecrets,
    async ({ pairs }) => {
      const same = pairs.map(async ([one, other]) => (await valueOf(one.sealed)) === (await valueOf(other.sealed)));
      return { same: await Promise.all(same) };
    },
    fail,
  );
  return privateKey;
}

/** What tests look at of a saved sequence. */
export interface SavedSequence {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly generation: number };
  readonly spec: { readonly steps: readonly Record<string, unknown>[] };
  readonly status: { readonly revision: number; readonly digest: string };
}

/** A step that runs a command. */
export function runs(command: string, more: object = {}): Record<string, unknown> {
  return { step: `run ${command}`, type: 'RunCommandLine', settings: { command }, ...more };
}
