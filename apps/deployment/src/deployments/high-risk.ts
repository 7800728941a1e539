import { UNKNOWN_COMPUTERS_COLLECTION } from '@muster/contracts/kinds/collection.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import type { Bus } from '@muster/messaging/bus.js';
import { MusterError } from '@muster/platform/errors.js';
import { highRiskSteps } from '@muster/sequence/high-risk.js';
import { collectReferences } from '@muster/sequence/references.js';
import { BUILT_IN_COLLECTIONS } from '../collections/built-in.js';

/** From how many devices on a deployment that may take systems or data away asks, and is refused; 0: never. */
export interface HighRiskLimits {
  readonly agreementAbove: number;
  readonly most: number;
  /** What becomes of one that has computers of the site itself among its devices. */
  readonly siteServers: 'refuse' | 'agree';
  /** Name of the collection of all servers; undefined: nobody is asked about them. */
  readonly servers?: string | undefined;
}

/** The devices that it is judged against. */
export interface RiskedDevices {
  readonly members: number;
  /** Names of those that run the site; at most a few. */
  readonly siteServers: readonly string[];
  /** How many are servers; undefined: the collection of servers is not there, or none is named. */
  readonly servers: number | undefined;
}

/** Where nothing is judged. */
export const NO_SERVERS: Pick<RiskedDevices, 'siteServers' | 'servers'> = { siteServers: [], servers: undefined };

const MOST_TOLD = 20;
/** In the place of a step: the sequence is marked for its impact. */
const MARKED = 'highImpact';
/** Children, of children too, that are looked at; a sequence with more has others that are enough to judge it by. */
const MOST_SEQUENCES = 200;

/** The steps of a sequence and of its enabled children that may take systems or data away, as `sequence: path`. */
export async function findRisks(bus: Bus, sequence: SequenceRevision): Promise<readonly string[]> {
  const found: string[] = [];
  const known = new Map<string, SequenceRevision>([[sequence.name, sequence]]);
  for (const revision of known.values()) {
    found.push(...highRiskSteps(revision.spec).map((path) => `${revision.name}: ${path}`));
    if (revision.spec.highImpact === true) found.push(`${revision.name}: ${MARKED}`);
    for (const { reference, disabled } of collectReferences(revision.spec)) {
      if (reference.kind !== 'TaskSequence' || disabled || known.has(reference.name)) continue;
      if (known.size >= MOST_SEQUENCES) return found;
      const { sequence: child } = await bus.request(readSequence, { name: reference.name });
      // One that is missing keeps the deployment from devices until it is there; the catalogue refuses new ones.
      if (child) known.set(reference.name, child);
    }
  }
  return found;
}

/**
 * Verifies a deployment that becomes Required (deployments.md section 4), against the members of this moment.
 *
 * @param risks of its sequence; undefined: it was Required before, and is not verified again
 * @returns what its status says of it; nothing when there is no risk
 * @throws MusterError `deployment.high-risk-built-in`, `.high-risk-too-many`, `.high-risk-site-server`, `.high-risk-not-agreed`,
 *   `.high-risk-servers-unknown` (409)
 */
export function judgeRisk(
  { metadata, spec }: ResourceInput<DeploymentSpec>,
  risks: readonly string[] | undefined,
  { members, siteServers, servers }: RiskedDevices,
  limits: HighRiskLimits,
): Pick<DeploymentStatus, 'highRisk'> {
  if (risks === undefined || risks.length === 0) return {};
  const { agreementAbove, most } = limits;
  const refuse = (code: string, path: string, message: string, fix: string): never => {
    const findings: ProblemFinding[] = [{ path, code, severity: 'error', message, fix }];
    const what = `Deployment "${metadata.name}": ${path}: ${message}. ${fix}`;
    throw new MusterError('conflict', code, what, { findings });
  };
  const may = `it is Required and may take systems or data away (${listed(risks)})`;
  const builtIn = BUILT_IN_COLLECTIONS.some((one) => one.metadata.name === spec.collection);
  if (builtIn && spec.collection !== UNKNOWN_COMPUTERS_COLLECTION) {
    const fix = 'Deploy it to a collection of your own with the devices that are meant';
    refuse('deployment.high-risk-built-in', '/spec/collection', `${may}, and "${spec.collection}" is built in`, fix);
  }
  if (most > 0 && members > most) {
    const fix = 'Deploy it to smaller collections, one after the other';
    const message = `${may}: on ${members} devices, and this site allows ${most}`;
    refuse('deployment.high-risk-too-many', '/spec/collection', message, fix);
  }
  const notAgreed = siteServers.filter((name) => !(spec.agreedSiteServers ?? []).includes(name));
  if (notAgreed.length > 0) {
    const names = notAgreed.map((name) => `"${name}"`).join(', ');
    const take = `choose a collection without ${notAgreed.length === 1 ? 'it' : 'them'}`;
    const message = `${may}, and among its devices are computers of this site itself: ${names}`;
    if (limits.siteServers === 'refuse') {
      const fix = `${take.charAt(0).toUpperCase()}${take.slice(1)}; this site refuses it whoever agrees (MUSTER_HIGH_RISK_SITE_SERVERS)`;
      refuse('deployment.high-risk-site-server', '/spec/collection', message, fix);
    }
    const fix = `If that is meant, say so: agreedSiteServers: [${notAgreed.join(', ')}] (muster deploy --agree-site-server ${notAgreed[0]}); or ${take}`;
    refuse('deployment.high-risk-not-agreed', '/spec/agreedSiteServers', message, fix);
  }
  if (agreementAbove > 0 && members > agreementAbove && (spec.agreedDevices ?? 0) < members) {
    const agreed = spec.agreedDevices === undefined ? '' : `, and ${spec.agreedDevices} were agreed to`;
    const fix = `If that is meant, say so: agreedDevices: ${members} (muster deploy --agree-devices ${members}); or choose a smaller collection`;
    refuse('deployment.high-risk-not-agreed', '/spec/agreedDevices', `${may}: on ${members} devices${agreed}`, fix);
  }
  if (limits.servers !== undefined && servers === undefined) {
    const message = `${may}, and which of its devices are servers is not known: there is no collection "${limits.servers}"`;
    const fix = 'Make that collection, or name another one in MUSTER_HIGH_RISK_SERVERS of the deployment service';
    refuse('deployment.high-risk-servers-unknown', '/spec/collection', message, fix);
  }
  if (servers !== undefined && servers > 0 && (spec.agreedServers ?? 0) < servers) {
    const agreed = spec.agreedServers === undefined ? '' : `, and ${spec.agreedServers} were agreed to`;
    const message = `${may}: on ${servers} servers, as "${limits.servers}" has them${agreed}`;
    const fix = `If that is meant, say so: agreedServers: ${servers} (muster deploy --agree-servers ${servers}); or choose a collection without servers`;
    refuse('deployment.high-risk-not-agreed', '/spec/agreedServers', message, fix);
  }
  return {
    highRisk: { steps: risks.slice(0, MOST_TOLD), devices: members, ...(servers === undefined ? {} : { servers }) },
  };
}

/**
 * Systems are not installed over connections that cost by what goes over them (deployments.md section 3.5).
 * @param risks of its sequence, as {@link findRisks} tells them
 * @throws MusterError `deployment.metered-system` (400)
 */
export function refuseMeteredSystems(
  { metadata, spec }: ResourceInput<DeploymentSpec>,
  risks: readonly string[],
): void {
  const steps = risks.filter((risk) => !risk.endsWith(`: ${MARKED}`));
  if (spec.onMetered !== true || steps.length === 0) return;
  const finding: ProblemFinding = {
    path: '/spec/onMetered',
    code: 'deployment.metered-system',
    severity: 'error',
    message: `a sequence that installs systems or clears disks (${listed(steps)}) does not run over metered connections`,
    fix: 'Leave onMetered out: the device waits for another connection',
  };
  const what = `Deployment "${metadata.name}": ${finding.path}: ${finding.message}. ${finding.fix}`;
  throw new MusterError('invalid', finding.code, what, { findings: [finding] });
}

function listed(risks: readonly string[]): string {
  const more = risks.length > 3 ? ` and ${risks.length - 3} more` : '';
  return `${risks.slice(0, 3).join(', ')}${more}`;
}
