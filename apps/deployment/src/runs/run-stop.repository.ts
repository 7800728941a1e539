import type { RunStop } from '@muster/contracts/kinds/run-stop.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** A run that somebody wants to end. */
export interface StoppedRun {
  readonly uid: string;
  readonly name: string;
  readonly deviceUid: string;
}

/** Which runs go on, and who wants them to end. */
export class RunStopRepository {
  /** The uid of a run, and whether it has ended; undefined: there is none of this name. */
  async findRun(database: Queryable, name: string): Promise<{ uid: string; ended: boolean } | undefined> {
    const [row] = await database.query<{ uid: string; ended: boolean }>(
      'select uid, end_result is not null as ended from run where name = $1',
      [name],
    );
    return row;
  }

  async findDevice(database: Queryable, name: string): Promise<string | undefined> {
    const [row] = await database.query<{ uid: string }>('select uid from device where name = $1', [name]);
    return row?.uid;
  }

  /** The sites below that told of a device of this name; of no name: all that told anything. */
  async sitesBelow(database: Queryable, here: string, deviceName?: string): Promise<string[]> {
    const rows = await database.query<{ owner: string }>(
      deviceName === undefined
        ? `select distinct owner from replica where kind = 'CollectionSize' and content is not null and owner <> $1 order by owner`
        : `select owner from replica where kind = 'Device' and content is not null and owner <> $1 and key = $2 || '/' || owner order by owner`,
      deviceName === undefined ? [here] : [here, deviceName],
    );
    return rows.map(({ owner }) => owner);
  }

  async isDeployed(database: Queryable, name: string): Promise<boolean> {
    return (await database.query('select 1 from deployment where name = $1', [name])).length > 0;
  }

  /** Notes that what goes on of deleted deployments, by name or uid, shall end; answers their uids. */
  async stopDeleted(tx: Transaction, deployment: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      `update past_deployment set stopped_at = coalesce(stopped_at, now()) where name = $1 or uid::text = $1 returning uid`,
      [deployment],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Notes who wants the end of those of the runs that have not ended; who wanted it first stays. Answers these runs. */
  async stop(
    tx: Transaction,
    of: 'run' | 'device' | 'deployment',
    uids: readonly string[],
    stop: RunStop,
  ): Promise<StoppedRun[]> {
    const column = of === 'run' ? 'uid' : `${of}_uid`;
    return tx.query<StoppedRun>(
      // In the order in which reports take them.
      `with wanted as (
         select uid from run where ${column} = any($1::uuid[]) and end_result is null order by uid for update
       )
       update run set stop = coalesce(stop, $2::jsonb), resource_version = nextval('resource_version')
       from wanted where run.uid = wanted.uid
       returning run.uid, run.name, run.device_uid as "deviceUid"`,
      [uids, JSON.stringify(stop)],
    );
  }
}
