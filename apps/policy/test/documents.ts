import { randomUUID } from 'node:crypto';
import { digestOf } from '@muster/contracts/digest.js';
import type { CollectionSpec, CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { SequenceSpec } from '@muster/sequence/model.js';

/** A resource as its service would say it. */
export function resource<Spec, Status>(
  kind: string,
  name: string,
  spec: Spec,
  status: Status,
  change: { uid?: string; generation?: number } = {},
): Resource<Spec, Status> {
  const at = '2026-11-21T00:00:00.000Z';
  return {
    apiVersion: 'muster/v1',
    kind,
    metadata: {
      name,
      uid: change.uid ?? randomUUID(),
      resourceVersion: '1',
      generation: change.generation ?? 1,
      createdAt: at,
      updatedAt: at,
    },
    spec,
    status,
  };
}

export function collectionNamed(name: string): Resource<CollectionSpec, CollectionStatus> {
  return resource('Collection', name, { rules: [] }, { members: 0 });
}

export function deviceOf(uid: string): Resource<DeviceSpec, DeviceStatus> {
  return resource('Device', 'computer', {}, { enrolled: true }, { uid });
}

export function deploymentOf(
  name: string,
  collection: string,
  sequence: SequenceSpec,
  change: {
    uid?: string;
    generation?: number;
    expiresAt?: string;
    pinned?: boolean;
    hold?: DeploymentSpec['hold'];
    onInternet?: boolean;
  } = {},
): Resource<DeploymentSpec, DeploymentStatus> {
  return resource<DeploymentSpec, DeploymentStatus>(
    'Deployment',
    name,
    {
      sequence: 'sample',
      collection,
      purpose: 'Required',
      ...(change.expiresAt === undefined ? {} : { expiresAt: change.expiresAt }),
      ...(change.onInternet === undefined ? {} : { onInternet: change.onInternet }),
      ...(change.hold ? { hold: change.hold } : {}),
      ...(change.pinned ? { revision: digestOf(sequence) } : {}),
    },
    {
      sequenceDigest: digestOf(sequence),
      devices: { targeted: 0, running: 0, succeeded: 0, failed: 0, waiting: 0 },
    },
    change,
  );
}

/** A sequence that installs a package. */
export function installing(packageName: string, change: Partial<SequenceSpec> = {}): SequenceSpec {
  return {
    ...change,
    steps: [{ step: 'Install', type: 'InstallPackage', settings: { package: packageName, program: 'install' } }],
  };
}

/** A sequence that needs nothing. */
export function plain(variable: string, change: Partial<SequenceSpec> = {}): SequenceSpec {
  return {
    ...change,
    steps: [{ step: 'Set', type: 'SetTaskSequenceVariable', settings: { name: variable, value: '1' } }],
  };
}
