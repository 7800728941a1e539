import type { Assignment, PolicyDocument, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { canonicalJson } from '@muster/contracts/digest.js';
import { createHash } from 'node:crypto';

/** What the database says a device shall be told, in one snapshot. */
export interface PolicyContent {
  readonly serial: number;
  /** In order of deployment uids. */
  readonly assignments: readonly Assignment[];
  /** Maintenance windows of all collections of the device. */
  readonly windows: readonly PolicyWindow[];
}

/**
 * The ETag of a policy: of what it says, not of when it was signed. Equal for devices that are told the same, and for
 * every serial at which that did not change.
 */
export function policyTag({ assignments, windows }: Omit<PolicyContent, 'serial'>, pollSeconds: number): string {
  const said = canonicalJson({ assignments, windows, pollSeconds });
  return `"${createHash('sha256').update(said).digest('base64url')}"`;
}

/** True when an If-None-Match header names the tag. Proxies may have weakened it. */
export function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch === tag || ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

/** The document that is signed. */
export function policyDocument(
  content: PolicyContent,
  to: { site: string; deviceUid: string; pollSeconds: number; now: Date },
): PolicyDocument {
  return {
    version: 1,
    site: to.site,
    deviceUid: to.deviceUid,
    serial: content.serial,
    issuedAt: to.now.toISOString(),
    pollSeconds: to.pollSeconds,
    assignments: [...content.assignments],
    ...(content.windows.length === 0 ? {} : { windows: [...content.windows] }),
  };
}
