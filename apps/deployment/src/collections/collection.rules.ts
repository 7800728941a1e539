import { canonicalJson } from '@muster/contracts/digest.js';
import type { CollectionSpec, CollectionStatus } from '@muster/contracts/kinds/collection.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
import type { DeploymentRepository } from '../deployments/deployment.repository.js';
import { directDevices, type Membership } from '../membership/membership.js';
import type { MembershipRepository } from '../membership/membership.repository.js';
import { refuseMissing } from '../missing-reference.js';
import { refuseBuiltIn } from './built-in.js';

/** Rules that name devices which exist, members that follow the rules in the same transaction, and no way to pull one from under a deployment. */
export function collectionRules(
  database: Database,
  membership: Membership,
  members: MembershipRepository,
  deployments: DeploymentRepository,
): ResourceRules<CollectionSpec, CollectionStatus> {
  const sizeOf = async (tx: Transaction, uid: string) => (await members.sizes(tx, [uid])).get(uid) ?? 0;

  return {
    change: (current, input) => refuseBuiltIn(current.metadata.name, input),

    async status(tx, input, current) {
      await membership.lock(tx);
      // A rule that was fine when it was written stays: its device may have gone since, and may come back.
      const before = new Set(current ? directDevices(current.spec.rules) : []);
      const unknown = await members.unknownDevices(
        tx,
        directDevices(input.spec.rules).filter((name) => !before.has(name)),
      );
      refuseMissing(
        `Collection "${input.metadata.name}"`,
        input.spec.rules.flatMap((rule, index) =>
          'device' in rule && unknown.has(rule.device)
            ? [
                {
                  path: `/spec/rules/${index}/device`,
                  kind: 'Device',
                  name: rule.device,
                  fix: 'Correct the name, enrol the device, or make a record for it first',
                },
              ]
            : [],
        ),
      );
      return { members: current ? await sizeOf(tx, current.metadata.uid) : 0 };
    },

    async saved(tx, resource, previous) {
      const { uid } = resource.metadata;
      if (previous && canonicalJson(previous.spec.rules) === canonicalJson(resource.spec.rules)) return;
      await membership.evaluate(tx, uid, resource.spec.rules);
      // The answer and the fact say what is true after the evaluation; readings are derived anyway.
      resource.status.members = await sizeOf(tx, uid);
    },

    async deleting(tx, resource) {
      const { name, uid } = resource.metadata;
      refuseBuiltIn(name);
      const using = await deployments.targeting(tx, name, 11);
      if (using.length > 0) {
        const listed = using.slice(0, 10).map((one) => `"${one}"`);
        throw new MusterError(
          'conflict',
          'deployment.collection-in-use',
          `Collection "${name}" is the target of ${using.length > 10 ? 'more than 10 deployments, among them' : 'the deployments'} ${listed.join(', ')}. Delete them first`,
        );
      }
      await membership.lock(tx);
      await membership.collectionGone(tx, uid);
    },

    async derive(resources) {
      const sizes = await members.sizes(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((one) => ({ ...one, status: { members: sizes.get(one.metadata.uid) ?? 0 } }));
    },
  };
}
