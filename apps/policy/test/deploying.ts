import { randomUUID } from 'node:crypto';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf } from './documents.js';
import type { PolicyUnderTest } from './policy-under-test.js';
import type { TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);

/** What the deployment service tells policy when people deploy something. */
export function deployingTo(policy: () => PolicyUnderTest) {
  return {
    /** A collection with these devices; `change` moves devices in and out. */
    async collectionOf(...devices: TestDevice[]) {
      const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
      const change = (added: TestDevice[], removed: TestDevice[]) =>
        policy().deployment.publish(membersChanged, {
          collectionUid: made.metadata.uid,
          added: added.map(({ uid }) => uid),
          removed: removed.map(({ uid }) => uid),
        });
      await policy().deployment.publish(collections.saved, { resource: made, actor: 'test' });
      await change(devices, []);
      return { name: made.metadata.name, change };
    },

    async deploy(collection: string, spec: SequenceSpec, change: Parameters<typeof deploymentOf>[3] = {}) {
      const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, collection, policy().know(spec), change);
      await policy().deployment.publish(deployments.saved, { resource: made, actor: 'test' });
      return made;
    },

    /** Waits until a device is told so many deployments. */
    async assigned(device: TestDevice, count = 1): Promise<void> {
      await until(async () => (await device.policy()).assignments.length === count);
    },
  };
}
