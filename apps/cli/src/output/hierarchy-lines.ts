import type {
  HierarchyConflict,
  HierarchyConflictList,
  SiteLink,
  SiteList,
  VerifyResult,
} from '@muster/contracts/hierarchy/site-views.js';
import { sortKeys } from '../difference/document-difference.js';
import { lineDifference } from '../difference/line-difference.js';
import { toYaml } from './formats.js';
import { age } from './age.js';
import { safeLine } from './safe-text.js';
import { formatTable } from './table.js';

type Table = [header: string[], rows: string[][]];

/** Every site in one line. */
export function siteRows({ items }: SiteList, now: Date): Table {
  const rows = items.map(({ code, kind, parent, relation, revoked, link }) => [
    code,
    kind,
    parent ?? '-',
    relation === 'self' ? 'this site' : relation,
    revoked ? 'revoked' : (link?.state ?? '-'),
    link ? String(link.backlog) : '-',
    ago(link?.succeededAt ?? null, now),
  ]);
  return [['SITE', 'KIND', 'PARENT', 'RELATION', 'LINK', 'WAITING THERE', 'LAST HEARD'], rows];
}

/** The links in every service, and what cannot be put to use. */
export function statusLines(list: SiteList, now: Date): string[] {
  const own = list.items.find(({ relation }) => relation === 'self');
  const lines = [
    own
      ? `Site ${own.code}, a ${own.kind} site ${own.parent === null ? 'with no site above it' : `below ${own.parent}`}`
      : `Site ${list.site} stands alone: it has no key by which others could know it`,
    '',
    ...formatTable(...siteRows(list, now)),
  ];
  for (const { code, link } of list.items)
    if (link) lines.push('', `Link to ${code}: ${link.state}`, ...linkLines(link, now));
  lines.push(
    '',
    ...formatTable(
      ['SERVICE', 'WAITING HERE', 'PARKED'],
      list.services.map(({ service, error, waitingCount, parkedCount }) => [
        service,
        waitingCount === null ? `does not say: ${error ?? 'why?'}` : String(waitingCount),
        parkedCount === null ? '-' : String(parkedCount),
      ]),
    ),
  );
  for (const { service, waiting, parked } of list.services) {
    for (const { kind, key, code, message } of waiting)
      lines.push(safeLine(`  ${service}: ${kind} ${key} waits: ${code}: ${message}`));
    for (const { peer, error } of parked) lines.push(safeLine(`  ${service}: parked from ${peer}: ${error}`));
  }
  return lines;
}

function linkLines({ services }: SiteLink, now: Date): string[] {
  const rows = services.map(({ service, link }) =>
    link
      ? [
          service,
          link.state,
          String(link.backlog),
          ago(link.succeededAt, now),
          ago(link.levelAt, now),
          String(link.failedAttempts),
          link.differences === null ? '-' : String(link.differences),
          link.lastError ?? '',
        ]
      : [service, 'nothing yet', '-', '-', '-', '-', '-', ''],
  );
  return formatTable(['SERVICE', 'STATE', 'BACKLOG', 'LAST HEARD', 'LEVEL', 'FAILED', 'DIFFERENCES', 'ERROR'], rows);
}

/** What a comparison found. */
export function verifyLines({ services, same }: VerifyResult): string[] {
  const rows = services.flatMap(({ service, error, compared }) =>
    error !== null || compared.length === 0
      ? [[service, '-', '-', '-', error ?? 'no neighbours']]
      : compared.map((one) => [
          service,
          one.peer,
          String(one.differences.length),
          String(one.repaired),
          one.error ?? '',
        ]),
  );
  const lines = formatTable(['SERVICE', 'SITE', 'DIFFERENCES', 'MENDED', 'ERROR'], rows);
  for (const { service, compared } of services)
    for (const { peer, differences } of compared)
      for (const { kind, key, here, there } of differences)
        lines.push(safeLine(`  ${service}: ${kind} ${key}: here ${here}, at ${peer} ${there}`));
  return [...lines, same ? 'the sites have the same' : 'the sites do not have the same, or could not be compared'];
}

/** Writes that lost, one a line. */
export function conflictRows({ items }: HierarchyConflictList, now: Date): Table {
  return [
    ['KIND', 'OBJECT', 'WRITTEN AT', 'AGE', 'NAME'],
    items.map(({ kind, key, site, writtenAt, name }) => [kind, key, site, age(writtenAt, now), name]),
  ];
}

/** What a write said that lost, against what the object is now. */
export function conflictLines({
  name,
  kind,
  key,
  site,
  writtenAt,
  content,
  current,
  service,
}: HierarchyConflict): string[] {
  return [
    `Conflict   ${name}`,
    `Object     ${kind} ${key}, of the ${service} service`,
    `Written    at ${site}, ${writtenAt}`,
    '',
    ...(content === null ? ['It deleted the object.'] : []),
    ...(current === null ? ['There is no such object now.'] : []),
    'From what the object is now (-) to what was written (+):',
    ...lineDifference(yamlLines(current), yamlLines(content)),
  ];
}

function yamlLines(value: unknown): string[] {
  return value === null || value === undefined ? [] : toYaml(sortKeys(value)).split('\n');
}

function ago(time: string | null, now: Date): string {
  return time === null ? '-' : `${age(time, now)} ago`;
}
