import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import { readSequence } from '@muster/contracts/requests/read-sequence.js';
import { findRunsUnderWay } from '@muster/contracts/requests/find-runs-under-way.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { digestOf } from '@muster/contracts/digest.js';
import { loadConfig, serviceConfigSchema } from '@muster/platform/config.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startService } from '@muster/service/start-service.js';
import { pino } from 'pino';
import { policyService } from '../src/policy.service-definition.js';
import { Producer } from './producer.js';
import { resource } from './documents.js';
import { call, TestDevice } from './test-device.js';

interface Servers {
  environment(service: 'policy' | 'deployment' | 'content' | 'catalog'): NodeJS.ProcessEnv;
  addToken(service: 'policy'): Promise<string>;
}

/** The policy service in this process, between producers of facts that the test speaks for. */
export class PolicyUnderTest {
  /** What the catalog knows, by digest. */
  readonly sequences = new Map<string, SequenceRevision>();
  /** What the catalog knows as the newest revision, by name. */
  readonly children = new Map<string, SequenceRevision>();
  /** What the content service knows, by name. */
  readonly packages = new Map<string, ResolvedContent>();
  /** Runs that the deployment service knows, and which go on. */
  readonly runs: { deploymentUid: string; deviceUid: string; since: Date }[] = [];

  private constructor(
    readonly app: NestFastifyApplication,
    readonly base: string,
    readonly grpcAddress: string,
    readonly token: string,
    readonly deployment: Producer,
    readonly content: Producer,
    readonly catalog: Producer,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async start(servers: Servers, settings: Record<string, string> = {}): Promise<PolicyUnderTest> {
    // One after the other: migrations of one database take turns.
    const deployment = await Producer.start(
      'deployment',
      loadConfig(serviceConfigSchema, servers.environment('deployment')),
    );
    const content = await Producer.start('content', loadConfig(serviceConfigSchema, servers.environment('content')));
    const catalog = await Producer.start('catalog', loadConfig(serviceConfigSchema, servers.environment('catalog')));
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const environment = { ...servers.environment('policy'), MUSTER_SITE_KEY: key, ...settings };
    const config = loadConfig(policyService.config, environment);
    const app = await startService(policyService, config, pino({ level: process.env['TEST_LOG'] ?? 'silent' }));
    const base = `http://127.0.0.1:${config.MUSTER_HTTP_PORT}`;
    const token = await servers.addToken('policy');
    const grpcAddress = `127.0.0.1:${config.MUSTER_GRPC_PORT}`;
    const under = new PolicyUnderTest(app, base, grpcAddress, token, deployment, content, catalog, environment);
    under.answerQuestions();
    return under;
  }

  /** A second process of the service, as far as one process can have it. Answers its address and how to stop it. */
  async replica(settings: Record<string, string> = {}): Promise<{ base: string; stop(): Promise<void> }> {
    const config = loadConfig(policyService.config, {
      ...this.environment,
      ...settings,
      MUSTER_HTTP_PORT: '0',
      MUSTER_GRPC_PORT: '0',
    });
    const app = await startService(policyService, config, pino({ level: 'silent' }));
    return { base: await app.getUrl(), stop: () => app.close() };
  }

  private answerQuestions(): void {
    this.catalog.bus.answer(
      readSequence,
      async (question) => ({
        sequence:
          ('digest' in question ? this.sequences.get(question.digest) : this.children.get(question.name)) ?? null,
      }),
      () => undefined,
    );
    this.deployment.bus.answer(
      findRunsUnderWay,
      async ({ deploymentUids, deviceUid }) => ({
        items: this.runs
          .filter((run) => deploymentUids.includes(run.deploymentUid) && (deviceUid ?? run.deviceUid) === run.deviceUid)
          .map(({ deploymentUid, since }) => ({ deploymentUid, since: since.toISOString() })),
      }),
      () => undefined,
    );
    this.content.bus.answer(
      resolveContent,
      async ({ packages }) => ({
        packages: packages.map(
          (name) => this.packages.get(name) ?? { name, exists: false, programs: {}, distributed: null },
        ),
      }),
      () => undefined,
    );
  }

  /** Makes the catalog know a sequence. */
  know(spec: SequenceSpec, secrets: Record<string, string> = {}): SequenceSpec {
    const digest = digestOf(spec);
    const uid = '7b7e4c5e-0000-4000-8000-000000000001';
    this.sequences.set(digest, { uid, name: 'sample', revision: 1, digest, spec, secrets });
    return spec;
  }

  /** Makes the catalog have a revision of a child sequence, or none (`undefined`), and say so. */
  async saveChild(name: string, spec: SequenceSpec | undefined): Promise<void> {
    const before = this.children.get(name);
    const uid = before?.uid ?? randomUUID();
    const digest = digestOf(spec ?? before?.spec);
    const revision = (before?.revision ?? 0) + 1;
    const made = resource(
      'TaskSequence',
      name,
      spec ?? { steps: [] },
      { revision, digest, steps: 0, groups: 0 },
      { uid },
    );
    const facts = resourceEvents(taskSequence);
    if (spec) this.children.set(name, { uid, name, revision, digest, spec });
    else this.children.delete(name);
    await this.catalog.publish(spec ? facts.saved : facts.deleted, { resource: made, actor: 'test' });
  }

  async enrolmentToken(
    wish: { maxUses?: number; approval?: 'automatic' | 'manual'; unknownComputers?: boolean } = {},
  ): Promise<string> {
    const { body } = await call(this.base, '/api/v1/enrolment-tokens', { token: this.token, json: wish });
    return body['token'] ?? '';
  }

  /** A device that is enrolled and has a session. */
  async device(site = 'S01'): Promise<TestDevice> {
    const device = await TestDevice.make(this.base);
    await device.enrol(await this.enrolmentToken());
    await device.session(await device.assertion({ audience: `muster:${site}` }));
    return device;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.deployment.stop();
    await this.content.stop();
    await this.catalog.stop();
  }
}
