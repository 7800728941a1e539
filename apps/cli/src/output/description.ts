import type { RunStatus } from '@muster/contracts/kinds/run.js';
import type { Kind, Resource } from '@muster/contracts/resource.js';
import { age, duration } from './age.js';
import { toYaml } from './formats.js';
import { safeText } from './safe-text.js';
import { formatTable } from './table.js';

/** Everything about one object for people: who it is, what was asked for, how it is; for a run its steps as a table. */
export function describeResource(kind: Kind, resource: Resource, now: Date): string[] {
  const { metadata, spec, status } = resource;
  const fields: [string, string | undefined][] = [
    ['Name', metadata.name],
    ['Kind', kind.kind],
    ['Display name', metadata.displayName],
    ['Folder', metadata.folder],
    [
      'Labels',
      Object.entries(metadata.labels ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ],
    ['UID', metadata.uid],
    ['Created', `${metadata.createdAt} (${age(metadata.createdAt, now)} ago)`],
    ['Changed', `${metadata.updatedAt} (${age(metadata.updatedAt, now)} ago)`],
    ['Version', `${metadata.resourceVersion}, generation ${metadata.generation}`],
  ];
  const lines = fields.flatMap(([label, value]) => (value ? [`${`${label}:`.padEnd(14)}${safeText(value)}`] : []));
  lines.push('', 'Spec:', ...indented(spec));
  if (kind.kind !== 'Run') return [...lines, '', 'Status:', ...indented(status)];
  const { steps, ...rest } = status as RunStatus;
  return [...lines, '', 'Status:', ...indented(rest), '', 'Steps:', ...stepTable(steps).map((line) => `  ${line}`)];
}

function indented(value: unknown): string[] {
  return safeText(toYaml(value ?? {}))
    .split('\n')
    .map((line) => `  ${line}`);
}

function stepTable(steps: RunStatus['steps']): string[] {
  const rows = steps
    .toSorted((a, b) => a.number - b.number)
    .map((step) => [
      step.path,
      step.continuedOnError ? `${step.state}, went on` : step.state,
      step.reason ?? '',
      step.exitCode === undefined ? '' : String(step.exitCode),
      step.startedAt === undefined || step.finishedAt === undefined
        ? ''
        : duration(Date.parse(step.finishedAt) - Date.parse(step.startedAt)),
      (step.message ?? step.output?.trim().split('\n').at(-1) ?? '').slice(0, 100),
    ]);
  return formatTable(['STEP', 'STATE', 'REASON', 'EXIT CODE', 'DURATION', 'MESSAGE'], rows);
}
