import type { CollectionSpec, UnknownComputers } from '@muster/contracts/kinds/collection.js';
import type { SqlValue } from '@muster/persistence/database.js';
import { compileQuery } from './query-sql.js';

/** What unknown computers are told apart by: x86, x64, arm64. */
export const ARCHITECTURE_FACT = 'os.architecture';
/** The same of a row of `device`. */
export const ARCHITECTURE_SQL = `device.status #>> '{facts,os,architecture}'`;

/** A collection with all that its members depend on, other collections by uid. */
export interface EvaluatedCollection {
  readonly uid: string;
  readonly allDevices: boolean;
  /** Which unknown computers it wants: `all`, or architectures. */
  readonly unknownComputers: readonly UnknownComputers[];
  /** Of devices that direct rules name. */
  readonly deviceNames: readonly string[];
  /** CEL over facts. */
  readonly queries: readonly string[];
  readonly limitingUid: string | undefined;
  readonly includedUids: readonly string[];
  readonly excludedUids: readonly string[];
}

/** @param uids of every collection that the specification names */
export function evaluated(
  uid: string,
  { limitingCollection, rules }: CollectionSpec,
  uids: ReadonlyMap<string, string>,
): EvaluatedCollection {
  const uidsOf = (names: readonly string[]): string[] => [...new Set(names)].flatMap((name) => uids.get(name) ?? []);
  return {
    uid,
    allDevices: rules.some((rule) => 'allDevices' in rule),
    unknownComputers: [
      ...new Set(rules.flatMap((rule) => ('unknownComputers' in rule ? [rule.unknownComputers] : []))),
    ],
    deviceNames: [...new Set(rules.flatMap((rule) => ('device' in rule ? [rule.device] : [])))],
    queries: rules.flatMap((rule) => ('query' in rule ? [rule.query] : [])),
    limitingUid: limitingCollection === undefined ? undefined : uids.get(limitingCollection),
    includedUids: uidsOf(rules.flatMap((rule) => ('include' in rule ? [rule.include] : []))),
    excludedUids: uidsOf(rules.flatMap((rule) => ('exclude' in rule ? [rule.exclude] : []))),
  };
}

/** A query for the uids of the devices that a collection wants, and room for more parameters. */
export interface WantedDevices {
  readonly sql: string;
  readonly values: SqlValue[];
  /** Adds a value; answers how the query calls it. */
  parameter(value: SqlValue): string;
}

function unknownComputers(wanted: readonly UnknownComputers[], parameter: (value: SqlValue) => string): string {
  if (wanted.includes('all')) return '(device.unknown)';
  return `(device.unknown and ${ARCHITECTURE_SQL} = any(${parameter(wanted)}::text[]))`;
}

/**
 * ((direct ∪ all ∪ asked for ∪ included) ∩ limiting) \ excluded (collections-variables, 2.2), of all devices or of those in `scope`.
 * Names, queries and "all" are about devices that the site knows; unknown computers are let in by rules that say so, and with
 * others' members. Parts that a collection does not have are not in the query, so that the common ones stay as fast as they can be.
 *
 * @param scope uids of devices
 */
export function wantedDevices(collection: EvaluatedCollection, scope: readonly string[] | undefined): WantedDevices {
  const values: SqlValue[] = [];
  const parameter = (value: SqlValue): string => `$${values.push(value)}`;
  const isMemberOf = (uids: readonly string[]): string =>
    `exists (select 1 from collection_member as other
       where other.collection_uid = any(${parameter(uids)}::uuid[]) and other.device_uid = device.uid)`;
  const known = [
    ...(collection.allDevices ? ['true'] : [`device.name = any(${parameter(collection.deviceNames)}::text[])`]),
    ...collection.queries.map(
      (query) => `coalesce(${compileQuery(query, parameter, scope ? 'some' : 'fleet').sql}, false)`,
    ),
  ];
  const ways = [
    `(not device.unknown and (${known.join(' or ')}))`,
    ...(collection.unknownComputers.length > 0 ? [unknownComputers(collection.unknownComputers, parameter)] : []),
    ...(collection.includedUids.length > 0 ? [isMemberOf(collection.includedUids)] : []),
  ];
  const conditions = [
    ...(scope ? [`device.uid = any(${parameter(scope)}::uuid[])`] : []),
    `(${ways.join(' or ')})`,
    ...(collection.limitingUid === undefined ? [] : [isMemberOf([collection.limitingUid])]),
    ...(collection.excludedUids.length > 0 ? [`not ${isMemberOf(collection.excludedUids)}`] : []),
  ];
  return { sql: `select device.uid from device where ${conditions.join(' and ')}`, values, parameter };
}
