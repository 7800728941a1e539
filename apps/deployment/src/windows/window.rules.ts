import type { CollectionSpec } from '@muster/contracts/kinds/collection.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** @throws MusterError `deployment.window-name-taken` (400) with one finding for each window whose name another one has */
export function refuseWindowsOfOneName(collection: string, { maintenanceWindows = [] }: CollectionSpec): void {
  const names = maintenanceWindows.map(({ name }) => name);
  const findings = names.flatMap((name, index): ProblemFinding[] =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: `/spec/maintenanceWindows/${index}/name`,
            code: 'deployment.window-name-taken',
            severity: 'error',
            message: `another window of this collection is called "${name}"`,
            fix: 'Give each window a name of its own: people are told which one they wait for',
          },
        ],
  );
  const [first] = findings;
  if (!first) return;
  const message = `Collection "${collection}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', 'deployment.window-name-taken', message, { findings });
}
