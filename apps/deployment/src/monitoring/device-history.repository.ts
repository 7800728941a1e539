import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import type { Queryable } from '@muster/persistence/database.js';

type Item = DeviceHistory['items'][number];

/** Where a page ended: a time as the database writes it, and which of that time. */
export interface HistoryPlace {
  readonly at: string;
  readonly key: string;
}

/** The past of one device: events about it, the beginnings and ends of its runs, and what it last told of deployments. */
export class DeviceHistoryRepository {
  async uidOf(database: Queryable, name: string): Promise<string | undefined> {
    const [row] = await database.query<{ uid: string }>('select uid from device where name = $1', [name]);
    return row?.uid;
  }

  /** Newest first, before a place. Runs are kept as long as the site keeps them, events for their time. */
  async before(
    database: Queryable,
    device: { name: string; uid: string },
    place: HistoryPlace | undefined,
    limit: number,
  ): Promise<{ item: Item; place: HistoryPlace }[]> {
    const rows = await database.query<{
      moment: string;
      key: string;
      at: Date;
      what: string;
      message: string | null;
      run: string | null;
      deployment: string | null;
      sequence: string | null;
      exit_code: number | null;
    }>(
      `select past.*, past.at::text as moment from (
         select occurred_at as at, 'e' || id as key, type as what, data ->> 'message' as message, data ->> 'run' as run,
           data ->> 'deployment' as deployment, data ->> 'taskSequence' as sequence, null::bigint as exit_code
         from event where data ->> 'device' = $1 and (type like 'device.%' or type = 'run.silent')
         union all
         select coalesce(started_at, created_at), 's' || uid, 'run.started', null, name, deployment, sequence, null
         from run where device_uid = $2
         union all
         select coalesce(finished_at, updated_at), 'z' || uid, 'run.' || end_result, message, name, deployment, sequence, exit_code
         from run where device_uid = $2 and end_result is not null
         union all
         select case when acceptance = 'accepted' then delivery_at else acceptance_at end, 'f' || deployment_uid,
           'deployment.' || state, case when acceptance = 'accepted' then delivery_says else acceptance_says end, null,
           deployment.name, deployment.sequence, null
         from device_fate join deployment on deployment.uid = deployment_uid
         where device_uid = $2 and state not in ('accepted', 'started')
       ) as past
       where $3::text is null or (at, key) < ($3::timestamptz, $4::text)
       order by at desc, key desc limit $5`,
      [device.name, device.uid, place?.at ?? null, place?.key ?? null, limit],
    );
    return rows.map(({ moment, key, at, what, message, run, deployment, sequence, exit_code }) => ({
      place: { at: moment, key },
      item: {
        at: at.toISOString(),
        what,
        ...(message === null ? {} : { message }),
        ...(run === null ? {} : { run }),
        ...(deployment === null ? {} : { deployment }),
        ...(sequence === null ? {} : { taskSequence: sequence }),
        ...(exit_code === null ? {} : { exitCode: exit_code }),
      },
    }));
  }
}
