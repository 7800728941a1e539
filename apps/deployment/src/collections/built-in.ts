import { canonicalJson } from '@muster/contracts/digest.js';
import {
  collection,
  type CollectionSpec,
  type CollectionStatus,
  UNKNOWN_COMPUTERS_COLLECTION,
} from '@muster/contracts/kinds/collection.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Membership } from '../membership/membership.js';

/** Collections that every site has. Nobody changes or deletes them. */
export const BUILT_IN_COLLECTIONS: readonly ResourceInput<CollectionSpec>[] = [
  {
    apiVersion: API_VERSION,
    kind: collection.kind,
    metadata: { name: 'all-devices', displayName: 'All devices' },
    spec: { description: 'Every device of the site', rules: [{ allDevices: true }] },
  },
  {
    apiVersion: API_VERSION,
    kind: collection.kind,
    metadata: { name: UNKNOWN_COMPUTERS_COLLECTION, displayName: 'All unknown computers' },
    spec: { description: 'Computers that enrolled as unknown ones', rules: [{ unknownComputers: 'all' }] },
  },
];

/**
 * Makes the built-in collections that are not there yet; replicas that start together take turns. Every site makes its own: as what
 * another site wrote, they are told to nobody before somebody asks for what is there.
 */
export async function makeBuiltIns(
  collections: ResourceStore<CollectionSpec, CollectionStatus>,
  membership: Membership,
  database: Database,
): Promise<void> {
  await database.transaction(async (tx) => {
    await membership.lock(tx);
    for (const input of BUILT_IN_COLLECTIONS) {
      if (!(await collections.rows.find(tx, input.metadata.name)))
        await collections.applyReplicated(tx, {
          name: input.metadata.name,
          input: structuredClone(input),
          actor: 'system',
        });
    }
  });
}

/** @throws MusterError `deployment.built-in` (409) when the document would change a built-in collection, or `input` is not given */
export function refuseBuiltIn(name: string, input?: ResourceInput<CollectionSpec>): void {
  const builtIn = BUILT_IN_COLLECTIONS.find(({ metadata }) => metadata.name === name);
  if (!builtIn || (input && essence(changeable(input)) === essence(builtIn))) return;
  throw new MusterError(
    'conflict',
    'deployment.built-in',
    `Collection "${name}" is built in: it cannot be changed or deleted. Make a collection of your own with the rules you want`,
  );
}

/** Without what people may change of a built-in collection: alerts, and the variables of unknown computers. */
function changeable(input: ResourceInput<CollectionSpec>): ResourceInput<CollectionSpec> {
  const { alerts: _alerts, ...rules } = input.spec;
  if (input.metadata.name !== UNKNOWN_COMPUTERS_COLLECTION) return { ...input, spec: rules };
  const { variables: _variables, variablesPriority: _priority, ...spec } = rules;
  return { ...input, spec };
}

function essence({ metadata, spec }: ResourceInput<CollectionSpec>): string {
  const { displayName = null, folder = null, labels = {} } = metadata;
  return canonicalJson({ displayName, folder, labels, spec });
}
