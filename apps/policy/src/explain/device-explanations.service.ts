import { Inject, Injectable } from '@nestjs/common';
import { reachOf, reachOn, type ContentReach } from '@muster/contracts/agent/content.js';
import { policyBodySchema, type PolicyBody } from '@muster/contracts/agent/policy.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { explainPermits } from '@muster/contracts/requests/ask-permit.js';
import { explainSources } from '@muster/contracts/requests/explain-sources.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { valuesInForce } from '@muster/contracts/kinds/resultant-settings.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { CONFIG } from '@muster/service/tokens.js';
import { explainVariables } from '@muster/sequence/explain-variables.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { DeviceRepository, type DeviceState } from '../devices/device.repository.js';
import type { PolicyConfig } from '../config.js';
import type { PolicyContent } from '../serving/policy-document.js';
import { PolicyRepository } from '../serving/policy.repository.js';
import { goBySettings, withRules } from '../settings/go-by-settings.js';
import { explainSettings } from '../settings/explain-settings.js';
import { outgrownWindows } from '../settings/outgrown-windows.js';
import { deviceRefused } from '../sessions/device-refused.js';
import { DeviceVariables } from '../variables/device-variables.service.js';
import { addressesOf, contentOfBody } from './content-of-body.js';
import { explainBody, maskedVariables } from './explain-told.js';
import { explainDeployment, type Permit } from './explain-deployment.js';
import { largeEnvironment } from './large-environment.js';
import { ExplainRepository, type TargetedDeployment } from './explain.repository.js';
import { timeZoneOf } from './judge-deployment.js';

type Problem = DeviceExplanation['problems'][number];

/** Says what policy means for a device: out of the same rows that its polls are answered with, by the engine that it runs. */
@Injectable()
export class DeviceExplanations {
  constructor(
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(PolicyRepository) private readonly policies: PolicyRepository,
    @Inject(DeviceVariables) private readonly variables: DeviceVariables,
    @Inject(ExplainRepository) private readonly repository: ExplainRepository,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
  ) {}

  /** @throws MusterError `resource.not-found`, `explain.not-deployed`, `explain.not-told` */
  async explain(name: string, deploymentName: string | undefined): Promise<DeviceExplanation> {
    const { device } = await this.bus.request(readDevice, { name });
    if (!device) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
    const refusal = refusalOf((await this.devices.find(this.database, device.uid))?.state, device.uid);
    const { content: known, told } = await this.read(device.uid);
    const content = { ...known, windows: goBySettings(known).windows };
    const values = valuesInForce(content.clientSettings);
    const secrets = secretsProblem(content);
    const targeted = await this.repository.deploymentsOf(this.database, device.uid);
    const deployments = targeted.map((one) =>
      one.assignment ? { ...one, assignment: withRules(one.assignment, values) } : one,
    );
    const permits = await this.permitsOf(device.uid, deployments);
    const wanted = deploymentName === undefined ? undefined : wantedOf(name, deploymentName, deployments);
    const body = wanted && (await this.readBody(wanted.body));
    const variables = explainVariables(told);
    const warnings = [
      ...largeEnvironment(variables),
      ...outgrownWindows({
        deployments: targeted.flatMap(({ assignment }) => assignment ?? []),
        values,
        windows: content.windows,
        timeZone: timeZoneOf(device.facts),
        now: Date.now(),
      }),
    ];
    return {
      device: {
        name,
        uid: device.uid,
        canOpenSecrets: content.sealingKey !== null,
        ...(device.access?.state === 'unknown' ? { unknownSince: device.access.since } : {}),
        ...(device.lastSeenAt === undefined ? {} : { lastSeenAt: device.lastSeenAt }),
        ...(device.factsAt === undefined ? {} : { factsAt: device.factsAt }),
      },
      deployments: deployments.map((one) =>
        explainDeployment(one, permits.get(one.uid), { device, content, refusal, secrets, now: Date.now() }),
      ),
      variables,
      settings: explainSettings(content),
      problems: [refusal ?? secrets].flatMap((one) => (one ? [{ code: one.code, message: one.message }] : [])),
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(body
        ? {
            sequence: explainBody(body, told, device.facts, {
              device: { name, uid: device.uid },
              site: this.config.MUSTER_SITE,
              deployment: deploymentName,
              organisation: values.organisationName,
            }),
            sources: await this.sourcesOf(
              body,
              device.facts,
              reachOn(reachOf(wanted), device.facts?.onInternet === true),
            ),
          }
        : {}),
    };
  }

  /** All its variables, also when nothing is deployed to it: who asks wants to know what it would be told. */
  private async read(deviceUid: string): Promise<{ content: PolicyContent; told: RunStarted['variables'] }> {
    for (;;) {
      const [content] = await this.policies.readEach(this.database, [deviceUid]);
      if (!content) throw new Error('a statement about one device returned no row');
      const sets = await this.variables.read(content.variableSets);
      if (sets) return { content, told: maskedVariables(this.variables.names(sets, content.stepSecrets)) };
    }
  }

  /** What the device would be answered if it asked now: by the service that decides. */
  private async permitsOf(deviceUid: string, deployments: readonly TargetedDeployment[]): Promise<Map<string, Permit>> {
    const deploymentUids = deployments.filter(({ assignment }) => assignment?.rollout).map(({ uid }) => uid);
    if (deploymentUids.length === 0) return new Map();
    const { permits } = await this.bus.request(explainPermits, { deviceUid, deploymentUids });
    return new Map(permits.map((permit) => [permit.deploymentUid, permit]));
  }

  private async readBody(digest: string): Promise<PolicyBody> {
    const bytes = await this.policies.readBody(this.database, digest);
    if (!bytes) throw new Error(`the body ${digest} of an assignment is not there`);
    return policyBodySchema.parse(JSON.parse(bytes.toString('utf8')));
  }

  /** The same order of points that the device would be given, as far as its facts tell the address it asks from. */
  private async sourcesOf(
    body: PolicyBody,
    facts: Facts | undefined,
    reach: ContentReach | undefined,
  ): Promise<NonNullable<DeviceExplanation['sources']>> {
    const items = contentOfBody(body);
    if (items.length === 0) return { groups: [], contents: [] };
    const manifests = [...new Set(items.map(({ manifest }) => manifest))];
    const { contents, ...where } = await this.bus.request(explainSources, {
      manifests,
      addresses: addressesOf(facts),
      ...(reach ? { reach } : {}),
    });
    const found = new Map(contents.map(({ manifest, ...points }) => [manifest, points]));
    return {
      ...where,
      contents: items.map((item) => ({ ...item, ...(found.get(item.manifest) ?? { sources: [], leftOut: [] }) })),
    };
  }
}

function wantedOf(
  device: string,
  name: string,
  deployments: readonly TargetedDeployment[],
): NonNullable<TargetedDeployment['assignment']> {
  const found = deployments.find((one) => one.name === name);
  if (!found) {
    const others = deployments.map((one) => `"${one.name}"`).join(', ') || 'nothing';
    throw new MusterError(
      'not-found',
      'explain.not-deployed',
      `Deployment "${name}" is not to a collection that has device "${device}"; to it is deployed: ${others}`,
    );
  }
  if (found.assignment) return found.assignment;
  throw new MusterError(
    'conflict',
    'explain.not-told',
    `Devices are not told of deployment "${name}": ${found.state}${found.reason === null ? '' : `, ${found.reason}`}`,
  );
}

/** What the device hears at every door; undefined: it is let in. */
function refusalOf(state: DeviceState | undefined, uid: string): MusterError | undefined {
  if (state === 'enrolled') return undefined;
  if (state !== undefined) return deviceRefused(state, uid);
  return new MusterError(
    'conflict',
    'deployment.device-not-enrolled',
    'No computer has enrolled as this device yet: it is a record that waits for one',
  );
}

function secretsProblem({ sealingKey, stepSecrets, variableSets }: PolicyContent): Problem | undefined {
  const secrets = stepSecrets.length > 0 || variableSets.some(({ hasHidden }) => hasHidden);
  if (!secrets || sealingKey !== null) return undefined;
  const message = 'it has told no key for secrets yet: its agent does so with its next session, if it is new enough';
  return { code: 'policy.secrets-missing', message };
}
