import { sameJson } from '@muster/contracts/digest.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { ImportedDevice } from '@muster/contracts/kinds/device-import.js';
import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import { nameKey } from '@muster/sequence/names.js';

/** The document that a line of a list makes of a record, or makes anew. What the line does not say stays. */
export function mergeImport(
  current: Resource<DeviceSpec, DeviceStatus> | undefined,
  { name, labels, description, identity, variables }: ImportedDevice,
): ResourceInput<DeviceSpec> {
  const before = current?.spec ?? {};
  return {
    apiVersion: API_VERSION,
    kind: device.kind,
    metadata: {
      name,
      ...(current?.metadata.displayName === undefined ? {} : { displayName: current.metadata.displayName }),
      ...(current?.metadata.folder === undefined ? {} : { folder: current.metadata.folder }),
      ...(labels || current?.metadata.labels ? { labels: { ...current?.metadata.labels, ...labels } } : {}),
      ...(current ? { resourceVersion: current.metadata.resourceVersion } : {}),
    },
    spec: {
      ...before,
      ...(description === undefined ? {} : { description }),
      ...(identity ? { identity: { ...before.identity, ...identity } } : {}),
      ...(variables ? { variables: mergeByName(before.variables ?? [], variables) } : {}),
    },
  };
}

/** Whether saving the document would change nothing. A hidden value that is sent may be another one: only the server's comparison knows. */
export function isUnchanged(current: Resource<DeviceSpec, DeviceStatus>, input: ResourceInput<DeviceSpec>): boolean {
  return sameJson(current.spec, input.spec) && sameJson(current.metadata.labels ?? {}, input.metadata.labels ?? {});
}

function mergeByName(before: readonly DeviceVariable[], added: readonly DeviceVariable[]): DeviceVariable[] {
  const replaced = new Map(added.map((one) => [nameKey(one.name), one]));
  const kept = before.map((one) => {
    const next = replaced.get(nameKey(one.name));
    replaced.delete(nameKey(one.name));
    return next ?? one;
  });
  return [...kept, ...replaced.values()];
}
