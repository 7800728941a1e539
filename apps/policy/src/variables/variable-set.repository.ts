import { digestOf } from '@muster/contracts/digest.js';
import type { ToldVariable, VariableOwner } from '@muster/contracts/events/variables-changed.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** All variables of one device or collection. */
export interface VariableSet {
  readonly owner: VariableOwner;
  readonly priority: number;
  readonly variables: readonly ToldVariable[];
}

/** One that belongs to a device, without its content. */
export interface VariableSetReference {
  readonly ownerUid: string;
  readonly digest: string;
  readonly hasHidden: boolean;
}

/** Variables by owner: one row each, whatever the number of devices that they are for. */
export class VariableSetRepository {
  async save(tx: Transaction, { owner, priority, variables }: VariableSet): Promise<void> {
    if (variables.length === 0) return this.remove(tx, owner.uid);
    await tx.query(
      `insert into variable_set (owner_uid, owner_kind, owner_name, priority, variables, has_hidden, digest)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (owner_uid) do update set owner_kind = excluded.owner_kind, owner_name = excluded.owner_name,
         priority = excluded.priority, variables = excluded.variables, has_hidden = excluded.has_hidden, digest = excluded.digest`,
      [
        owner.uid,
        owner.kind,
        owner.name,
        priority,
        JSON.stringify(variables),
        variables.some((variable) => 'sealed' in variable),
        digestOf({ owner, priority, variables }),
      ],
    );
  }

  async remove(tx: Transaction, ownerUid: string): Promise<void> {
    await tx.query('delete from variable_set where owner_uid = $1', [ownerUid]);
  }

  async has(tx: Transaction, ownerUid: string): Promise<boolean> {
    return (await tx.query('select 1 from variable_set where owner_uid = $1', [ownerUid])).length > 0;
  }

  /** The sets of these digests; fewer when some changed since. */
  async read(database: Queryable, references: readonly VariableSetReference[]): Promise<VariableSet[]> {
    return database.query<VariableSet>(
      `select json_build_object('kind', owner_kind, 'uid', owner_uid, 'name', owner_name) as owner, priority, variables
       from variable_set join unnest($1::uuid[], $2::text[]) as wanted (uid, digest)
         on variable_set.owner_uid = wanted.uid and variable_set.digest = wanted.digest
       order by owner_name`,
      [references.map(({ ownerUid }) => ownerUid), references.map(({ digest }) => digest)],
    );
  }

  /** Sealed secrets of steps, by name. */
  async readStepSecrets(database: Queryable, names: readonly string[]): Promise<Map<string, string>> {
    const rows = await database.query<{ name: string; sealed: string }>(
      'select distinct on (name) name, sealed from body_secret where name = any($1::text[]) order by name',
      [[...names]],
    );
    return new Map(rows.map(({ name, sealed }) => [name, sealed]));
  }

  /** True when a device is told secrets, or would be if its key were known. */
  async hasHidden(database: Queryable, deviceUid: string): Promise<boolean> {
    const rows = await database.query(
      `select 1 from variable_set where has_hidden and ${ownersOf('$1')}
       union all
       select 1 from device_member join deployment on deployment.collection_uid = device_member.collection_uid
         join body_secret on body_secret.body_digest = deployment.assignment ->> 'body'
       where device_member.device_uid = $1 and device_member.left_at is null
       limit 1`,
      [deviceUid],
    );
    return rows.length > 0;
  }
}

/** SQL: the row of `variable_set` is of this device, or of a collection that has it. */
export function ownersOf(deviceUid: string): string {
  return `(owner_uid = ${deviceUid} or owner_uid in (
    select collection_uid from device_member where device_uid = ${deviceUid} and left_at is null))`;
}
