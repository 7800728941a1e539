import { randomUUID } from 'node:crypto';
import { type Manifest, manifestSchema } from '@muster/contracts/agent/content.js';
import { digestOf } from '@muster/contracts/digest.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection } from '@muster/contracts/kinds/collection.js';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { collectionNamed, deploymentOf, installing } from './documents.js';
import type { PolicyUnderTest } from './policy-under-test.js';
import { call, TestDevice } from './test-device.js';

const manifest: Manifest = manifestSchema.parse({ files: [{ path: 'a', digest: digestOf('file'), size: 4 }] });

/** A computer of a primary site that speaks to a secondary one below it, with something to install. */
export class FarComputer {
  private constructor(
    private readonly primary: PolicyUnderTest,
    private readonly secondary: PolicyUnderTest,
    readonly device: TestDevice,
  ) {}

  static async make(primary: PolicyUnderTest, secondary: PolicyUnderTest): Promise<FarComputer> {
    return new FarComputer(primary, secondary, await TestDevice.make(secondary.base));
  }

  async enrol(site: string): Promise<void> {
    const enrolled = await this.device.enrol(await this.primary.enrolmentToken());
    if (enrolled.status !== 201) throw new Error(enrolled.text);
    const session = await this.device.session(await this.device.assertion({ audience: `muster:${site}` }));
    if (session.status !== 200) throw new Error(session.text);
  }

  /** Deploys at the primary site a package of which both sites have a copy, each at a point called "local". */
  async deploy(): Promise<{ manifest: string; faults: string[] }> {
    const faults: string[] = [];
    for (const [site, near] of [[this.primary, 'far'] as const, [this.secondary, 'near'] as const]) {
      site.content.bus.answer(
        locateContent,
        async () => ({
          manifest,
          locations: [{ digest: digestOf('file'), urls: [`http://${near}`], points: ['local'] }],
          sources: [{ point: 'local', reason: near }],
          expiresAt: '2099-01-01T00:00:00Z',
        }),
        () => undefined,
      );
      site.content.bus.answer(
        checkCopies,
        async ({ faults: told }) => {
          faults.push(...told.map(({ point }) => `${point} ${near}`));
          return { accepted: told.length };
        },
        () => undefined,
      );
    }
    const distributed = { version: 1, manifest: digestOf(manifest), bytes: 4 };
    this.primary.packages.set('tool', { name: 'tool', exists: true, programs: {}, distributed });
    const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
    const say = this.primary.deployment;
    await say.publish(resourceEvents(collection).saved, { resource: made, actor: 'test' });
    const collectionUid = made.metadata.uid;
    await say.publish(membersChanged, { collectionUid, added: [this.device.uid], removed: [] });
    const spec = this.primary.know(installing('tool'));
    const resource = deploymentOf(`d-${randomUUID().slice(0, 8)}`, made.metadata.name, spec);
    await say.publish(resourceEvents(deployment).saved, { resource, actor: 'test' });
    return { manifest: digestOf(manifest), faults };
  }

  /** Waits for news; true when some have come. */
  async listen(): Promise<() => boolean> {
    const response = await fetch(`${this.secondary.base}/api/v1/agent/wake-ups`, {
      headers: { Authorization: `Bearer ${this.device.accessToken}` },
    });
    let heard = '';
    void (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) heard += chunk;
    })().catch(() => undefined);
    return () => heard.includes('data:');
  }

  /** How often the primary site answered a question for a body with this status. */
  async bodiesAnswered(status: number): Promise<number> {
    const { text } = await call(this.primary.base, '/metrics', { token: this.primary.token });
    const line = text
      .split('\n')
      .find(
        (one) =>
          one.startsWith('muster_http_request_seconds_count{') &&
          one.includes('/bodies/') &&
          one.includes(`status="${status}"`),
      );
    return Number(line?.split(' ').at(-1) ?? 0);
  }
}
