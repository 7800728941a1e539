import type { Kind, Resource } from '@muster/contracts/resource.js';
import { columnsOf, rowOf } from './columns.js';
import { formatTable } from './table.js';

/** Objects of several sites as a table. Names are each site's own: beside each stands whose it is. */
export function withSites(kind: Pick<Kind, 'kind'>, resources: readonly Resource[], now: Date): string[] {
  const columns = columnsOf(kind.kind, true).filter(({ title, wide }) => !wide || title === 'SITE');
  const [name, ...others] = columns;
  const site = others.filter(({ title }) => title === 'SITE');
  const shown = [...(name ? [name] : []), ...site, ...others.filter(({ title }) => title !== 'SITE')];
  return formatTable(
    shown.map(({ title }) => title),
    resources.map((one) => rowOf(one, shown, now)),
  );
}
