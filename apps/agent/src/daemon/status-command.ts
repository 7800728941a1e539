import { existsSync, readdirSync } from 'node:fs';
import type { PolicySettings } from '@muster/contracts/agent/policy.js';
import { readIfPresent } from '../identity/durable-files.js';
import { join } from 'node:path';
import { describeError } from '../identity/agent-error.js';
import { type AgentIdentity, readIdentity } from '../identity/agent-identity.js';
import { readDeviceKey } from '../identity/device-key.js';
import { isRotationWished } from '../identity/key-rotation.js';
import { describeRefusal, readRefusal, type Refusal } from '../identity/site-access.js';
import type { StateFolder } from '../identity/state-folder.js';
import { type Contact, describeContact, readContact } from '../policy/site-contact.js';
import { readStoredPolicy } from '../policy/policy-store.js';
import { customFacts, type LeftOut } from '../facts/custom-facts.js';
import { SystemTree } from '../facts/system-tree.js';
import { thisSystem } from '../facts/system.js';
import { isOver } from './judge-preparation.js';
import { type RunStep, stepOfRun } from './run-step.js';
import { runSays } from './run-says.js';
import { preparationSays } from './preparations-output.js';
import { type Preparation, Preparations } from './preparations.js';
import { type EndedRun, RunRecords, type RunRecord } from './run-records.js';

const shownRuns = 5;

/** What a state folder tells. Reading it disturbs no daemon. */
export interface AgentStatus {
  readonly state: string;
  readonly enrolled: boolean;
  readonly identity?: Pick<AgentIdentity, 'name' | 'deviceUid' | 'site' | 'server'>;
  readonly policy?: {
    readonly serial: number;
    readonly receivedAt: string;
    readonly deployments: readonly string[];
    readonly pollSeconds: number;
    /** What the site wants this computer to go by. */
    readonly settings: PolicySettings;
  };
  /** What came of asking the site for policy. */
  readonly contact?: Contact;
  /** RFC 7638 thumbprint of the key that it proves. */
  readonly keyThumbprint?: string;
  /** Its keys are replaced when no run goes on. */
  readonly rotationWished?: boolean;
  /** The site's word that this computer has nothing to expect from it. */
  readonly refusal?: Refusal;
  /** Why the stored policy does not count. */
  readonly policyProblem?: { readonly code: string; readonly message: string };
  readonly unfinishedRuns: readonly (RunRecord & { readonly step?: RunStep })[];
  /** Runs whose content is fetched or waited for. */
  readonly preparing: readonly Preparation[];
  /** The last ones, newest first. */
  readonly endedRuns: readonly EndedRun[];
  readonly unsentReports: number;
  /** Facts that somebody wrote on this computer and that are not told, as they are now. */
  readonly factsLeftOut?: readonly LeftOut[];
}

/** @throws AgentError `agent.layout-version`, `agent.state-corrupt`, `agent.not-readable` */
export async function readStatus(
  folder: StateFolder,
  leftOut: readonly LeftOut[] = customFacts(new SystemTree(), thisSystem.environment['MUSTER_AGENT_FACTS'])
    .customLeftOut ?? [],
): Promise<AgentStatus> {
  const identity = readIdentity(folder);
  if (!identity)
    return { state: folder.root, enrolled: false, unfinishedRuns: [], preparing: [], endedRuns: [], unsentReports: 0 };
  const { name, deviceUid, site, server } = identity;
  const records = new RunRecords(folder);
  const { shown, ...policy } = await policyOf(folder, identity);
  const refusal = readRefusal(folder.access);
  const key = await readDeviceKey(folder.key).catch(() => undefined);
  return {
    state: folder.root,
    enrolled: true,
    identity: { name, deviceUid, site, server },
    contact: readContact(folder.contact),
    ...(refusal ? { refusal } : {}),
    ...(key ? { keyThumbprint: key.thumbprint } : {}),
    ...(isRotationWished(folder) ? { rotationWished: true } : {}),
    ...policy,
    unfinishedRuns: records.unfinished.map((run) => {
      // A run that goes on behind the end of its deployment keeps what it began with.
      const isShown = shown.get(run.deployment.uid) ?? run.showProgress ?? true;
      const step = isShown ? stepOfRun(records.folderOf(run.runId)) : undefined;
      return step ? { ...run, step } : run;
    }),
    preparing: new Preparations(folder.preparations).all.filter(
      (one) => one.state !== 'ready' && !isOver(one, startOf(records.lastRun(one.deployment.uid))),
    ),
    endedRuns: records.ended.slice(-shownRuns).toReversed(),
    unsentReports: countReports(folder.reports),
    ...(leftOut.length > 0 ? { factsLeftOut: leftOut } : {}),
  };
}

async function policyOf(
  folder: StateFolder,
  identity: AgentIdentity,
): Promise<Pick<AgentStatus, 'policy' | 'policyProblem'> & { shown: ReadonlyMap<string, boolean> }> {
  const none = new Map<string, boolean>();
  try {
    const found = await readStoredPolicy(folder.policy, identity);
    if (!found) return { shown: none };
    const { document, receivedAt } = found;
    const deployments = document.assignments.map(({ deployment }) => deployment.name);
    const shown = new Map(
      document.assignments.map(({ deployment, showProgress = true }) => [deployment.uid, showProgress]),
    );
    const { serial, pollSeconds, settings = {} } = document;
    return { policy: { serial, receivedAt, deployments, pollSeconds, settings }, shown };
  } catch (error) {
    return { policyProblem: describeError(error), shown: none };
  }
}

function startOf(run: EndedRun | undefined): number | undefined {
  return run && Date.parse(run.startedAt);
}

/** Lines of reports that are in the spool; some may have been acknowledged a moment ago, and their file removed. */
function countReports(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => (readIfPresent(join(folder, name)) ?? '').split('\n').length - 2)
    .reduce((sum, lines) => sum + Math.max(0, lines), 0);
}

function settingsText({ pollSeconds, settings }: NonNullable<AgentStatus['policy']>): string {
  const said = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [`asks for policy every ${pollSeconds} s`, ...said].join(', ');
}

/** The status as lines for people. */
export function describeStatus(status: AgentStatus, now = Date.now()): string[] {
  const {
    identity,
    contact = {},
    policy,
    policyProblem,
    refusal,
    unfinishedRuns,
    preparing,
    endedRuns,
    unsentReports,
    factsLeftOut = [],
  } = status;
  if (!identity) return [`not enrolled (${status.state}): muster-agent enrol --server URL --token TOKEN`];
  const policyText = policy
    ? `serial ${policy.serial}, received ${policy.receivedAt}, deployments: ${policy.deployments.join(', ') || 'none'}`
    : policyProblem
      ? `refused, ${policyProblem.code}: ${policyProblem.message}`
      : 'none yet';
  return [
    `device   ${identity.name} (${identity.deviceUid})`,
    `site     ${identity.site}, ${identity.server}, ${describeContact(contact)}`,
    ...(status.keyThumbprint
      ? [`key      ${status.keyThumbprint}${status.rotationWished ? ', to be replaced' : ''}`]
      : []),
    ...(refusal ? [`access   ${describeRefusal(refusal)}`] : []),
    `policy   ${policyText}`,
    ...(policy ? [`settings ${settingsText(policy)}`] : []),
    ...unfinishedRuns.map(({ deployment, runId, startedAt, step, ...run }) => {
      const at = step ? `: step ${step.number} of ${step.total}, ${step.path.replaceAll(/\p{Cc}/gu, ' ')}` : '';
      const waits = run.restart ?? run.restartWaits;
      return `running  ${deployment.name}, ${runId}, since ${startedAt}${waits ? `: ${runSays(run, now)}` : at}`;
    }),
    ...preparing.map((one) => `content  ${one.deployment.name}, ${preparationSays(one)}`),
    ...endedRuns.map(
      ({ deployment, runId, result, exitCode, endedAt }) =>
        `ended    ${deployment.name}, ${runId}, ${result} (exit code ${exitCode}) at ${endedAt}`,
    ),
    `reports  ${unsentReports} not yet acknowledged`,
    ...(factsLeftOut.length > 0
      ? [`facts    ${factsLeftOut.length} left out of those written here; muster-agent facts says which and why`]
      : []),
  ];
}
