import { canonicalJson } from '@muster/contracts/digest.js';
import {
  namedCollections,
  type CollectionSpec,
  type CollectionStatus,
  type NamedCollection,
  type SiteMembers,
} from '@muster/contracts/kinds/collection.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { QueryError } from '@muster/sequence/conditions/facts-syntax.js';
import { summariesOf } from '@muster/service/replication/site-summaries.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { DeploymentRepository } from '../deployments/deployment.repository.js';
import { findCircle, type CollectionEdge } from '../membership/collection-graph.js';
import type { CollectionGraphRepository } from '../membership/collection-graph.repository.js';
import { directDevices, type Membership } from '../membership/membership.js';
import type { MembershipRepository } from '../membership/membership.repository.js';
import { compileQuery } from '../membership/query-sql.js';
import { refuseMissing } from '../missing-reference.js';
import { collectionSizes } from '../sites/summaries.js';
import type { ClientSettingsRepository } from '../settings/client-settings.repository.js';
import type { Variables } from '../variables/variables.service.js';
import { refuseBuiltIn } from './built-in.js';
import { refuseWindowsOfOneName } from '../windows/window.rules.js';

/**
 * Rules that name devices and collections which exist and lead in no circle, members that follow the rules in the same
 * transaction, and no way to pull a collection from under a deployment or another collection.
 */
export function collectionRules(
  database: Database,
  membership: Membership,
  members: MembershipRepository,
  graph: CollectionGraphRepository,
  deployments: DeploymentRepository,
  variables: Variables,
  settings: ClientSettingsRepository,
  site: string,
): ResourceRules<CollectionSpec, CollectionStatus> {
  const sizeOf = async (tx: Transaction, uid: string) => (await members.sizes(tx, [uid])).get(uid) ?? 0;

  return {
    seal: (input) => variables.seal(input),

    merge: (current, input) => variables.merge(current, input),

    change: (current, input) => refuseBuiltIn(current.metadata.name, input),

    sealedValues: (tx, { metadata, spec }) => variables.sealedValues(tx, metadata.uid, spec),

    giveSealed: (spec, sealed) => variables.giveSealed(spec, sealed),

    async status(tx, input, current, { replicated }) {
      await membership.lock(tx);
      const { name } = input.metadata;
      refuseWrongQueries(name, input.spec);
      refuseWindowsOfOneName(name, input.spec);
      const named = namedCollections(input.spec);
      refuseCircle(name, named, await graph.below(tx, [...new Set(named.map((one) => one.name))]));
      // A rule that was fine when it was written stays: its device may have gone since, and may come back. Devices that another
      // site's rules name may be that site's own.
      const before = new Set(current ? directDevices(current.spec.rules) : []);
      const added = directDevices(input.spec.rules).filter((name) => !before.has(name));
      const unknown = replicated ? new Set() : await members.unknownDevices(tx, added);
      const existing = await graph.uids(
        tx,
        named.map((one) => one.name),
      );
      refuseMissing(`Collection "${name}"`, [
        ...named
          .filter((one) => !existing.has(one.name))
          .map((one) => ({
            ...one,
            kind: 'Collection',
            fix: 'Correct the name, or make that collection first',
          })),
        ...input.spec.rules.flatMap((rule, index) =>
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
      ]);
      return { members: current ? await sizeOf(tx, current.metadata.uid) : 0 };
    },

    async saved(tx, resource, previous) {
      const { uid, name } = resource.metadata;
      await variables.saved(tx, [
        { owner: { kind: 'Collection', uid, name }, spec: resource.spec, previous: previous?.spec },
      ]);
      if (previous && decisive(previous.spec) === decisive(resource.spec)) return;
      await membership.evaluate(tx, resource.metadata, resource.spec);
      // The answer and the fact say what is true after the evaluation; readings are derived anyway.
      resource.status.members = await sizeOf(tx, uid);
    },

    lockBefore: (tx) => membership.lock(tx),

    async deleting(tx, resource) {
      const { name, uid } = resource.metadata;
      refuseBuiltIn(name);
      const using = await deployments.targeting(tx, name, 11);
      if (using.length > 0) {
        throw inUse(name, `is the target of ${listed('deployments', using)}. Delete them first`);
      }
      await membership.lock(tx);
      const setting = await settings.naming(tx, name, MOST_LISTED + 1);
      if (setting.length > 0) {
        throw inUse(
          name,
          `is one for whose members there are ${listed('client settings', setting)}. Take it out of them first`,
        );
      }
      const dependents = await graph.dependents(tx, name, MOST_LISTED + 1);
      if (dependents.length > 0) {
        const them = listed('collections', dependents);
        throw inUse(name, `limits, joins or leaves ${them}. Take it out of their rules first`);
      }
      await membership.collectionGone(tx, { uid, name });
      await variables.gone(tx, uid);
    },

    async derive(resources) {
      const sizes = await members.sizes(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      const names = resources.map(({ metadata }) => metadata.name);
      const below = await summariesOf<Omit<SiteMembers, 'site'>>(database, collectionSizes.kind, names, site);
      return resources.map((one) => {
        const sites = below.get(one.metadata.name);
        return { ...one, status: { members: sizes.get(one.metadata.uid) ?? 0, ...(sites ? { sites } : {}) } };
      });
    },
  };
}

const MOST_LISTED = 10;
const MOST_QUERIES = 100;

/** What decides who is in. */
function decisive({ limitingCollection, rules }: CollectionSpec): string {
  return canonicalJson({ limitingCollection: limitingCollection ?? null, rules });
}

/** @throws MusterError `deployment.collection-circle` with one finding for each reference that leads back */
export function refuseCircle(name: string, named: readonly NamedCollection[], edges: readonly CollectionEdge[]): void {
  const findings = named.flatMap((one): ProblemFinding[] => {
    const circle = findCircle(name, one.name, edges);
    if (!circle) return [];
    return [
      {
        path: one.path,
        code: 'deployment.collection-circle',
        severity: 'error',
        message: `the members would depend on themselves: ${circle.join(' > ')}`,
        fix: 'Take one of the collections out of the rules on this way',
      },
    ];
  });
  const [first] = findings;
  if (!first) return;
  const message = `Collection "${name}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', 'deployment.collection-circle', message, { findings });
}

/** @throws MusterError `deployment.query-invalid` with one finding for each */
export function refuseWrongQueries(name: string, { rules }: CollectionSpec): void {
  let queries = 0;
  const findings = rules.flatMap((rule, index): ProblemFinding[] => {
    if (!('query' in rule)) return [];
    const tooMany = ++queries > MOST_QUERIES ? `a collection has at most ${MOST_QUERIES} queries` : undefined;
    const problem = tooMany ?? problemOf(rule.query);
    if (problem === undefined) return [];
    const fix = 'docs/conditions.md has the language and the facts, docs/collections.md what collections support of it';
    const path = `/spec/rules/${index}/query`;
    return [{ path, code: 'deployment.query-invalid', severity: 'error', message: problem, fix }];
  });
  const [first] = findings;
  if (!first) return;
  const message = `Collection "${name}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', 'deployment.query-invalid', message, { findings });
}

function problemOf(query: string): string | undefined {
  try {
    compileQuery(query, () => '');
    return undefined;
  } catch (error) {
    if (error instanceof QueryError) return error.message;
    throw error;
  }
}

function inUse(name: string, why: string): MusterError {
  return new MusterError('conflict', 'deployment.collection-in-use', `Collection "${name}" ${why}`);
}

/** @param names one more than are listed, if there are more */
function listed(what: string, names: readonly string[]): string {
  const some = names.slice(0, MOST_LISTED).map((one) => `"${one}"`);
  return `${names.length > MOST_LISTED ? `more than ${MOST_LISTED} ${what}, among them` : `the ${what}`} ${some.join(', ')}`;
}
