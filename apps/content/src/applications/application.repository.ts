import type { ApplicationUse } from '@muster/contracts/kinds/content-uses.js';
import type { ApplicationStatus } from '@muster/contracts/kinds/application.js';
import type { ResolvedApplication } from '@muster/contracts/requests/resolve-content.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { Application } from '@muster/sequence/applications/application.js';
import type { ApplicationReference } from '@muster/sequence/applications/application-references.js';

type Dangling = NonNullable<ApplicationStatus['danglingReferences']>;

/** Of one application so many things that are missing are told. */
const MOST_TOLD = 50;

/** What of the things that an application names there is. */
export interface KnownThings {
  /** Packages with the names of their programs. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  readonly applications: ReadonlySet<string>;
}

/** What applications name, and who names them. */
export class ApplicationRepository {
  /** Applications are saved one after the other: two of them at once could make a circle together. */
  async lockGraph(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('muster content applications'))`);
  }

  async findKnown(
    database: Queryable,
    packages: readonly string[],
    applications: readonly string[],
  ): Promise<KnownThings> {
    const packageRows = await database.query<{ name: string; programs: string[] }>(
      `select name, array(select jsonb_object_keys(coalesce(spec -> 'programs', '{}'))) as programs
       from package where name = any ($1::text[])`,
      [packages],
    );
    const applicationRows = await database.query<{ name: string }>(
      'select name from application where name = any ($1::text[])',
      [applications],
    );
    return {
      packages: new Map(packageRows.map(({ name, programs }) => [name, new Set(programs)])),
      applications: new Set(applicationRows.map(({ name }) => name)),
    };
  }

  /** What each application that can be reached from these names in turn, in one of the two ways. */
  async findBelow(
    database: Queryable,
    names: readonly string[],
    how: 'dependency' | 'supersedes',
  ): Promise<Map<string, string[]>> {
    const rows = await database.query<{ name: string; below: string[] }>(
      `with recursive reached (name) as (
         select unnest($1::text[])
         union
         select r.name from reached join application a on a.name = reached.name
         join application_reference r on r.application_uid = a.uid and r.how = $2
       )
       select a.name, array_agg(distinct r.name) as below from reached join application a using (name)
       join application_reference r on r.application_uid = a.uid and r.how = $2 group by a.name`,
      [names, how],
    );
    return new Map(rows.map(({ name, below }) => [name, below]));
  }

  async setReferences(tx: Transaction, uid: string, references: readonly ApplicationReference[]): Promise<void> {
    await tx.query('delete from application_reference where application_uid = $1', [uid]);
    await tx.query(
      `insert into application_reference (application_uid, ordinal, kind, name, how, deployment_type, path)
       select $1, ordinal, kind, name, how, deployment_type, path
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) with ordinality
         as named (kind, name, how, deployment_type, path, ordinal)`,
      [
        uid,
        references.map(({ kind }) => kind),
        references.map(({ name }) => name),
        references.map(({ how }) => how),
        references.map(({ deploymentType }) => deploymentType ?? null),
        references.map(({ path }) => path),
      ],
    );
  }

  /** What applications name and is not there any more, by uid; those that miss nothing are left out. */
  async findDangling(database: Queryable, uids: readonly string[]): Promise<Map<string, Dangling>> {
    const rows = await database.query<Dangling[number] & { uid: string }>(
      `select application_uid as uid, kind, r.name, (array_agg(path order by ordinal))[1] as path
       from application_reference r
       where application_uid = any ($1::uuid[]) and case kind
         when 'Package' then not exists (select from package p where p.name = r.name)
         else not exists (select from application a where a.name = r.name) end
       group by application_uid, kind, r.name order by application_uid, kind, r.name`,
      [uids],
    );
    const found = new Map<string, Dangling>();
    for (const { uid, ...reference } of rows) {
      const told = found.get(uid) ?? [];
      if (told.length < MOST_TOLD) told.push(reference);
      found.set(uid, told);
    }
    return found;
  }

  /** Places in applications that name something, in the order of applications and places. */
  async findUses(
    database: Queryable,
    to: { readonly kind: string; readonly name: string },
    limit: number,
  ): Promise<ApplicationUse[]> {
    const rows = await database.query<Omit<ApplicationUse, 'deploymentType'> & { deployment_type: string | null }>(
      `select a.name as application, r.how, r.deployment_type, r.path
       from application_reference r join application a on a.uid = r.application_uid
       where r.kind = $1 and r.name = $2 order by a.name, r.ordinal limit $3`,
      [to.kind, to.name, limit],
    );
    return rows.map(({ application, how, deployment_type: type, path }) => ({
      application,
      how,
      ...(type === null ? {} : { deploymentType: type }),
      path,
    }));
  }

  /**
   * The documents of applications, each name once, in the order asked; behind `mostBytes` they are left out, the first never.
   */
  async findDocuments(
    database: Queryable,
    names: readonly string[],
    mostBytes: number,
  ): Promise<ResolvedApplication[]> {
    return database.query<{ name: string; spec: Application | null }>(
      `select name, spec from (
         select wanted.name, a.spec, wanted.nth,
           coalesce(sum(octet_length(a.spec::text)) over (order by wanted.nth rows between unbounded preceding and 1 preceding), 0)
             + coalesce(octet_length(a.spec::text), 0) as bytes
         from unnest($1::text[]) with ordinality as wanted (name, nth) left join application a on a.name = wanted.name
       ) as measured where nth = 1 or bytes <= $2 order by nth`,
      [[...new Set(names)], mostBytes],
    );
  }
}
