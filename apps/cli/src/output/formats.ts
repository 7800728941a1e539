import type { Kind, Resource } from '@muster/contracts/resource.js';
import { stringify } from 'yaml';
import { columnsOf, rowOf } from './columns.js';
import { formatTable } from './table.js';

/** Output formats of commands that show objects. */
export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** `taskSequence/harden-debian`: how messages and `-o name` call an object; every command takes it back. */
export function objectName(kind: Kind | string, name: string): string {
  const word = typeof kind === 'string' ? kind : kind.kind;
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}/${name}`;
}

/** YAML of anything, long texts unfolded. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

/** Resources as text lines. `single`: one was asked for by name, so JSON and YAML are the object, not a list. */
export function formatResources(
  kind: Kind,
  resources: readonly Resource[],
  format: OutputFormat,
  single: boolean,
  now: Date,
): string[] {
  const document = (): unknown =>
    single && resources.length === 1
      ? resources[0]
      : { apiVersion: 'muster/v1', kind: `${kind.kind}List`, metadata: {}, items: resources };
  switch (format) {
    case 'json':
      return [JSON.stringify(document(), null, 2)];
    case 'yaml':
      return [toYaml(document())];
    case 'name':
      return resources.map(({ metadata }) => objectName(kind, metadata.name));
    case 'table':
    case 'wide': {
      const shown = columnsOf(kind.kind, format === 'wide');
      return formatTable(
        shown.map(({ title }) => title),
        resources.map((resource) => rowOf(resource, shown, now)),
      );
    }
  }
}
