import {
  type ClientSettingsSpec,
  type ClientSettingsStatus,
  DEFAULT_SETTINGS,
} from '@muster/contracts/kinds/client-settings.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { CollectionGraphRepository } from '../membership/collection-graph.repository.js';
import type { Membership } from '../membership/membership.js';
import { refuseMissing } from '../missing-reference.js';

/** Settings say for whom they are, and name collections that exist. Whom they reach, policy finds out. */
export function clientSettingsRules(
  membership: Membership,
  graph: CollectionGraphRepository,
): ResourceRules<ClientSettingsSpec, ClientSettingsStatus> {
  return {
    async status(tx, { metadata: { name }, spec }) {
      refuseWrongTarget(name, spec);
      const { collections = [] } = spec;
      // Nobody deletes one of them before this is written.
      await membership.lock(tx);
      const existing = await graph.uids(tx, [...collections]);
      refuseMissing(
        `ClientSettings "${name}"`,
        collections.flatMap((collection, index) =>
          existing.has(collection)
            ? []
            : [
                {
                  path: `/spec/collections/${index}`,
                  kind: 'Collection',
                  name: collection,
                  fix: 'Correct the name, or make that collection first',
                },
              ],
        ),
      );
      return {};
    },
  };
}

/** @throws MusterError `settings.wrong-target` (400): the default ones are for every device, all others are for collections, in an order */
export function refuseWrongTarget(name: string, { priority, collections }: ClientSettingsSpec): void {
  const isDefault = name === DEFAULT_SETTINGS;
  const said = { priority, collections };
  const findings = (['priority', 'collections'] as const).flatMap((field): ProblemFinding[] => {
    if ((said[field] === undefined) === isDefault) return [];
    return [
      {
        path: `/spec/${field}`,
        code: 'settings.wrong-target',
        severity: 'error',
        message: isDefault
          ? `the settings "${DEFAULT_SETTINGS}" are for every device, and weaker than all others: they have no ${field}`
          : `settings that are not called "${DEFAULT_SETTINGS}" need ${field}`,
        fix: isDefault
          ? 'Leave it out, or give these settings another name'
          : `Say for which collections they are and how strong (1 is the strongest), or call them "${DEFAULT_SETTINGS}"`,
      },
    ];
  });
  const [first] = findings;
  if (!first) return;
  const message = `ClientSettings "${name}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', 'settings.wrong-target', message, { findings });
}
