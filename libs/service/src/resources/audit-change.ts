import { sameJson } from '@muster/contracts/digest.js';
import type { Kind, Resource } from '@muster/contracts/resource.js';
import type { AuditedDeed } from '@muster/persistence/audit.js';

/** What is audited of a change of a resource: which fields, never their values. Pure. */
export function auditedChange(
  kind: Kind,
  resource: Resource<unknown, unknown>,
  previous: Resource<unknown, unknown> | undefined,
  by: { actor: string; comment?: string | undefined; correlationId?: string | undefined },
): AuditedDeed {
  const { name, uid, resourceVersion } = resource.metadata;
  return {
    actor: by.actor,
    action: previous ? 'changed' : 'created',
    kind: kind.kind,
    name,
    uid,
    version: resourceVersion,
    changed: previous ? changedFields(previous, resource) : undefined,
    reason: by.comment,
    correlationId: by.correlationId,
    details: agreement(resource.spec),
  };
}

function changedFields(before: Resource, after: Resource): string[] {
  const metadata = (['displayName', 'folder', 'labels'] as const)
    .filter((field) => !sameJson(before.metadata[field] ?? null, after.metadata[field] ?? null))
    .map((field) => `metadata.${field}`);
  const [old, now] = [fieldsOf(before.spec), fieldsOf(after.spec)];
  const spec = [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !sameJson(old[field] ?? null, now[field] ?? null))
    .map((field) => `spec.${field}`);
  return [...metadata, ...spec.sort()];
}

/** Whoever deploys what may take systems away agrees to it, and must be found by that later. */
function agreement(spec: unknown): AuditedDeed['details'] {
  const { agreedDevices, agreedServers, agreedSiteServers } = fieldsOf(spec);
  const agreed = {
    ...(typeof agreedDevices === 'number' && { agreedDevices }),
    ...(typeof agreedServers === 'number' && { agreedServers }),
    ...(Array.isArray(agreedSiteServers) && { agreedSiteServers: agreedSiteServers.join(', ') }),
  };
  return Object.keys(agreed).length > 0 ? agreed : undefined;
}

function fieldsOf(spec: unknown): Record<string, unknown> {
  return (spec ?? {}) as Record<string, unknown>;
}
