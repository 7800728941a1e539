import type { MembershipPreview } from '@muster/contracts/kinds/collection-members.js';
import type { Queryable, SqlValue, Transaction } from '@muster/persistence/database.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { QueryAnswers } from './explain-membership.js';
import { compileEntryTests, compileQuery } from './query-sql.js';
import { SOFTWARE_COUNT, type SoftwareChange } from './software-reads.js';
import { EntryTests } from './software-sql.js';
import { whyUnknown } from './why-unknown.js';
import { ARCHITECTURE_SQL, wantedDevices, type EvaluatedCollection } from './wanted-devices.js';

/** Devices that entered or left one collection; at most as many as were asked for at once. */
export interface MemberChange {
  change: 'added' | 'removed';
  devices: string[];
}

/** A collection that devices entered. */
export interface Entered {
  uid: string;
  name: string;
  entered: string[];
}

/** More in one statement make it longer than they save. */
const QUERIES_AT_ONCE = 500;

/** Who is in which collection. Every change is one statement over sets, whatever the size of the fleet. */
export class MembershipRepository {
  /**
   * One change of membership at a time. A device that appears while a collection is evaluated would otherwise be seen
   * by neither. It locks no device. Who takes it, takes it before any row: the facts of agents hold it, and then change
   * what hangs on membership.
   */
  async lock(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '.membership', 0))`);
  }

  /**
   * Nobody enters or leaves a collection until the transaction ends; others may hold it so at the same time. Only for who alone does so and may
   * come to `lock` it: two who hold it, one of them with rows that the other waits for, would wait for each other.
   */
  async hold(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock_shared(hashtextextended(current_schema() || '.membership', 0))`);
  }

  /**
   * Makes the members be who the rules want, of all devices or of those in `scope`; answers the difference in portions.
   *
   * @param scope uids of devices; others stay as they are
   */
  async replace(
    tx: Transaction,
    collection: EvaluatedCollection,
    scope: readonly string[] | undefined,
    portion: number,
  ): Promise<MemberChange[]> {
    const wanted = wantedDevices(collection, scope);
    const uid = wanted.parameter(collection.uid);
    return tx.query<MemberChange>(
      `with wanted as (${wanted.sql}), removed as (
         delete from collection_member as member
         where member.collection_uid = ${uid} ${scope ? `and member.device_uid = any(${wanted.parameter(scope)}::uuid[])` : ''}
           and not exists (select 1 from wanted where wanted.uid = member.device_uid)
         returning member.device_uid
       ), added as (
         insert into collection_member (collection_uid, device_uid)
         select ${uid}, uid from wanted
         where not exists (
           select 1 from collection_member as member where member.collection_uid = ${uid} and member.device_uid = wanted.uid)
         order by uid
         returning device_uid
       ), changes as (
         select 'removed' as change, device_uid, row_number() over () as nth from removed
         union all
         select 'added', device_uid, row_number() over () from added
       )
       select change, json_agg(device_uid) as devices from changes group by change, (nth - 1) / ${wanted.parameter(portion)}::int
       order by change desc`,
      wanted.values,
    );
  }

  /** Who would be in and who is now, with the first names of each. Changes nothing. */
  async preview(database: Queryable, collection: EvaluatedCollection, examples: number): Promise<MembershipPreview> {
    const wanted = wantedDevices(collection, undefined);
    const uid = wanted.parameter(collection.uid);
    const most = wanted.parameter(examples);
    const names = (part: string) =>
      `coalesce((select json_agg(name order by name) from (select name from told where ${part} order by name limit ${most}) as first), '[]')`;
    const [row] = await database.query<{ preview: MembershipPreview }>(
      `with wanted as (${wanted.sql}), told as materialized (
         select coalesce(device.name, '') as name, wanted.uid is not null as after, member.device_uid is not null as before
         from wanted
         full join (select device_uid from collection_member where collection_uid = ${uid}) as member
           on member.device_uid = wanted.uid
         join device on device.uid = coalesce(wanted.uid, member.device_uid)
       )
       select json_build_object(
         'members', count(*) filter (where after),
         'added', count(*) filter (where after and not before),
         'removed', count(*) filter (where before and not after),
         'examples', json_build_object(
           'added', ${names('after and not before')},
           'removed', ${names('before and not after')},
           'kept', ${names('after and before')})) as preview
       from told`,
      wanted.values,
    );
    return row!.preview;
  }

  /**
   * Puts new devices into the collections that depend on no other and whose rules want them by name or as everything; answers those.
   * Unknown computers are looked at with the queries: what lets them in reads a fact.
   */
  async enter(tx: Transaction, devices: readonly { uid: string; name: string }[]): Promise<Entered[]> {
    return tx.query<Entered>(
      `with new as (
         select one.* from unnest($1::uuid[], $2::text[]) as one (uid, name) join device on device.uid = one.uid and not device.unknown
       ), entered as (
         insert into collection_member (collection_uid, device_uid)
         select collection.uid, new.uid from new join collection
           on collection.spec @> jsonb_build_object('rules', jsonb_build_array(jsonb_build_object('device', new.name)))
         where not exists (select 1 from collection_edge as edge where edge.collection = collection.name)
         union
         select collection.uid, new.uid from new, collection
         where collection.spec @> '{"rules":[{"allDevices":true}]}'
           and not exists (select 1 from collection_edge as edge where edge.collection = collection.name)
         on conflict do nothing returning collection_uid, device_uid
       )
       select uid, name, json_agg(device_uid) as entered
       from collection join entered on entered.collection_uid = collection.uid group by uid, name`,
      [devices.map(({ uid }) => uid), devices.map(({ name }) => name)],
    );
  }

  /** Names of the collections that depend on others and have a rule of their own for any of these devices. */
  async dependentCollectionsNaming(tx: Transaction, deviceNames: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(
      `select name from collection
       where (spec @> '{"rules":[{"allDevices":true}]}' or exists (
           select 1 from unnest($1::text[]) as new (name)
           where collection.spec @> jsonb_build_object('rules', jsonb_build_array(jsonb_build_object('device', new.name)))))
         and exists (select 1 from collection_edge as edge where edge.collection = collection.name)`,
      [[...deviceNames]],
    );
    return rows.map(({ name }) => name);
  }

  /** Takes a device out of every collection; answers their uids. */
  async leave(tx: Transaction, deviceUid: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      'delete from collection_member where device_uid = $1 returning collection_uid as uid',
      [deviceUid],
    );
    return rows.map(({ uid }) => uid);
  }

  /** One device takes the place of another everywhere; answers the collections. */
  async exchange(tx: Transaction, fromUid: string, toUid: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      'update collection_member set device_uid = $2 where device_uid = $1 returning collection_uid as uid',
      [fromUid, toUid],
    );
    return rows.map(({ uid }) => uid);
  }

  async drop(tx: Transaction, collectionUid: string): Promise<void> {
    await tx.query('delete from collection_member where collection_uid = $1', [collectionUid]);
    await tx.query('delete from collection_size where collection_uid = $1', [collectionUid]);
  }

  /** Members of each collection; those without any are not in the answer. */
  async sizes(database: Queryable, collectionUids: readonly string[]): Promise<Map<string, number>> {
    const rows = await database.query<{ uid: string; members: number }>(
      'select collection_uid as uid, members from collection_size where collection_uid = any($1)',
      [[...collectionUids]],
    );
    return new Map(rows.map(({ uid, members }) => [uid, members]));
  }

  /** A page of members in the order of names, after a name. */
  async page(
    database: Queryable,
    collectionUid: string,
    after: string,
    limit: number,
  ): Promise<{ name: string; uid: string }[]> {
    return database.query<{ name: string; uid: string }>(
      `select device.name, device.uid from device
       where device.name > $2 and exists (
         select 1 from collection_member as member
         where member.collection_uid = $1 and member.device_uid = device.uid)
       order by device.name limit $3`,
      [collectionUid, after, limit],
    );
  }

  /** Which of these collections have the device. */
  async collectionsWith(database: Queryable, deviceUid: string, names: readonly string[]): Promise<Set<string>> {
    const rows = await database.query<{ name: string }>(
      `select name from collection where name = any($2) and exists (
         select 1 from collection_member as member
         where member.collection_uid = collection.uid and member.device_uid = $1)`,
      [deviceUid, [...names]],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Names of all collections that have the device. */
  async collectionsOf(database: Queryable, deviceUid: string): Promise<Set<string>> {
    const rows = await database.query<{ name: string }>(
      `select collection.name from collection_member as member join collection on collection.uid = member.collection_uid
       where member.device_uid = $1`,
      [deviceUid],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** What an unknown computer is, by its architecture; undefined: it is a known device. */
  async asUnknown(database: Queryable, deviceUid: string): Promise<{ architecture: string | undefined } | undefined> {
    const [row] = await database.query<{ architecture: string | null }>(
      `select ${ARCHITECTURE_SQL} as architecture from device where uid = $1 and unknown`,
      [deviceUid],
    );
    return row && { architecture: row.architecture ?? undefined };
  }

  /** What these queries come to for a known device. */
  async answers(database: Queryable, deviceUid: string, queries: readonly string[]): Promise<QueryAnswers> {
    const yes = new Set<string>();
    const unknown = new Map<string, string>();
    for (let from = 0; from < queries.length; from += QUERIES_AT_ONCE) {
      const some = queries.slice(from, from + QUERIES_AT_ONCE);
      const values: SqlValue[] = [deviceUid];
      const tests = new EntryTests();
      const answers = some.map((query) => compileQuery(query, (value) => `$${values.push(value)}`, tests).sql);
      const [row] = await database.query<{
        answers: (boolean | null)[];
        facts: Facts | null;
        softwareLeftOut: number | null;
      }>(
        `select array[${answers.join(', ')}] as answers, status -> 'facts' as facts,
           (select cut.left_out from device_software as cut where cut.device_uid = device.uid) as "softwareLeftOut"
         from device ${tests.join} where device.uid = $1 and not device.unknown`,
        values,
      );
      for (const [index, query] of some.entries()) {
        if (row?.answers[index]) yes.add(query);
        else if (row?.answers[index] === null)
          unknown.set(query, whyUnknown(query, row.facts ?? {}, row.softwareLeftOut));
      }
    }
    return { yes, unknown };
  }

  /** Which of these queries may have another answer after a change of software: each looks at the entries that came or went, and at no other. */
  async concernedBy(database: Queryable, change: SoftwareChange, queries: readonly string[]): Promise<Set<string>> {
    const concerned = new Set<string>();
    for (let from = 0; from < queries.length; from += QUERIES_AT_ONCE) {
      const some = queries.slice(from, from + QUERIES_AT_ONCE);
      const values: SqlValue[] = [change.entries.map(({ id }) => id)];
      const parameter = (value: SqlValue): string => `$${values.push(value)}`;
      const tests = new EntryTests();
      const matters = some.map((query) => {
        const first = tests.count;
        const { reads } = compileEntryTests(query, parameter, tests);
        return change.counted && reads.includes(SOFTWARE_COUNT) ? 'true' : `bool_or(${tests.matters(first)})`;
      });
      const [row] = await database.query<{ matters: (boolean | null)[] }>(
        `select array[${matters.join(', ')}] as matters from software as ${EntryTests.ENTRY} where ${EntryTests.ENTRY}.id = any($1::integer[])`,
        values,
      );
      for (const [index, query] of some.entries()) if (row?.matters[index]) concerned.add(query);
    }
    return concerned;
  }

  /** Which of these names no device has. */
  async unknownDevices(tx: Transaction, names: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ name: string }>(
      // "0" comes after "/": devices of sites below are kept under their names and the codes of their sites.
      `select name from unnest($1::text[]) as wanted (name)
       where not exists (select 1 from device where device.name = wanted.name)
         and not exists (select 1 from replica where kind = 'Device' and content is not null
                           and key > wanted.name || '/' and key < wanted.name || '0')`,
      [[...names]],
    );
    return new Set(rows.map(({ name }) => name));
  }
}
