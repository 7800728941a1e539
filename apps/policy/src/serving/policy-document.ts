import type {
  Assignment,
  PolicyDocument,
  PolicySettings,
  PolicyStops,
  PolicyVariables,
  PolicyWindow,
} from '@muster/contracts/agent/policy.js';
import { canonicalJson } from '@muster/contracts/digest.js';
import type { SettingsOfDevice } from '@muster/contracts/kinds/resultant-settings.js';
import type { SealingKey } from '@muster/contracts/sealing.js';
import { createHash } from 'node:crypto';
import type { VariableSetReference } from '../variables/variable-set.repository.js';

/** What the database says a device shall be told, in one snapshot. */
export interface PolicyContent {
  readonly serial: number;
  /** In order of deployment uids. */
  readonly assignments: readonly Assignment[];
  /** Maintenance windows of all collections of the device. */
  readonly windows: readonly PolicyWindow[];
  /** In order of owners' uids. */
  readonly variableSets: readonly VariableSetReference[];
  /** Names that stand for secrets in the bodies of the assignments, sorted. What they stand for never changes. */
  readonly stepSecrets: readonly string[];
  /** To which the device's secrets are sealed; null: it has not told one. */
  readonly sealingKey: SealingKey | null;
  /** What its agent said last that it can do. */
  readonly abilities: readonly string[];
  /** Thumbprint of the key that the device shall replace; null: none. */
  readonly rotateKey: string | null;
  /** Deployments whose runs shall end, beyond what assignments say; sorted. */
  readonly stoppedDeployments: readonly string[];
  /** Runs that shall end alone; sorted. */
  readonly stoppedRuns: readonly string[];
  /** Those of all collections of the device. */
  readonly clientSettings: readonly SettingsOfDevice[];
}

/** The same under the settings of the device: what it is told. */
export interface ToldContent extends Omit<PolicyContent, 'clientSettings'> {
  readonly pollSeconds: number;
  readonly settings: PolicySettings;
}

/** What shall end that no assignment says it of. */
function stopsOf({ stoppedDeployments, stoppedRuns }: Pick<PolicyContent, 'stoppedDeployments' | 'stoppedRuns'>): {
  stops?: PolicyStops;
} {
  if (stoppedDeployments.length + stoppedRuns.length === 0) return {};
  return {
    stops: {
      ...(stoppedDeployments.length > 0 ? { deployments: [...stoppedDeployments] } : {}),
      ...(stoppedRuns.length > 0 ? { runs: [...stoppedRuns] } : {}),
    },
  };
}

/** Who runs nothing is told no variables. */
export function setsToTell({
  assignments,
  variableSets,
}: Pick<PolicyContent, 'assignments' | 'variableSets'>): readonly VariableSetReference[] {
  return assignments.length === 0 ? [] : variableSets;
}

/**
 * The ETag of a policy: of what it says, not of when it was signed. Equal for devices that are told the same, and for
 * every serial at which that did not change. Secrets count by their sealed form at rest, and only together with the key to
 * which they are sealed for the device: what is sealed twice never has the same text.
 *
 * @param signedBy of a site that had another key before: everybody is to hear of the new one soon
 */
export function policyTag(content: ToldContent, signedBy?: string): string {
  const { assignments, windows, sealingKey, rotateKey, pollSeconds, settings } = content;
  const sets = setsToTell(content);
  const variables = sets.map(({ ownerUid, digest }) => ({ ownerUid, digest }));
  const said = {
    assignments,
    pollSeconds,
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(windows.length > 0 ? { windows } : {}),
    ...(rotateKey === null ? {} : { rotateKey }),
    ...stopsOf(content),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
    ...(sets.length > 0 ? { variables } : {}),
    ...(content.stepSecrets.length > 0 || sets.some(({ hasHidden }) => hasHidden) ? { sealingKey } : {}),
  };
  const digest = createHash('sha256').update(canonicalJson(said)).digest('base64url');
  return `"${digest}${suffixOf(content.abilities)}"`;
}

/** Is it the tag of what agents with these abilities are told? An agent that learned something must be told anew. */
export function isTagFor(tag: string, abilities: readonly string[]): boolean {
  const suffix = tag.indexOf('.');
  return (suffix < 0 ? '' : tag.slice(suffix, -1)) === suffixOf(abilities);
}

function suffixOf(abilities: readonly string[]): string {
  return abilities.map((ability) => `.${ability}`).join('');
}

/** True when an If-None-Match header names the tag. Proxies may have weakened it. */
export function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch === tag || ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

/** The document that is signed. */
export function policyDocument(
  content: ToldContent,
  variables: PolicyVariables | undefined,
  to: { site: string; deviceUid: string; now: Date },
): PolicyDocument {
  return {
    version: 1,
    site: to.site,
    deviceUid: to.deviceUid,
    serial: content.serial,
    issuedAt: to.now.toISOString(),
    pollSeconds: content.pollSeconds,
    assignments: [...content.assignments],
    ...(content.windows.length === 0 ? {} : { windows: [...content.windows] }),
    ...(content.rotateKey === null ? {} : { rotateKey: content.rotateKey }),
    ...stopsOf(content),
    ...(variables ? { variables } : {}),
    ...(Object.keys(content.settings).length === 0 ? {} : { settings: content.settings }),
  };
}
