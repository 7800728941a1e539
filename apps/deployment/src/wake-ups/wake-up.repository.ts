import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import type { Queryable } from '@muster/persistence/database.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';

/** A deployment that wakes the devices of its collection. */
export interface WakingDeployment {
  readonly uid: string;
  readonly name: string;
  readonly spec: DeploymentSpec;
  readonly createdAt: Date;
}

/** A deadline whose packets this process sends; nobody else does until its time is over. */
export interface WakeUpClaim {
  readonly deploymentUid: string;
  readonly name: string;
  readonly dueAt: Date;
  /** Of the devices; empty: of all. */
  readonly timeZone: string;
  readonly afterDevice: string;
}

export interface SleepingDevice {
  readonly uid: string;
  readonly network: NonNullable<Facts['network']>;
}

const zoneOf = `coalesce(device.status -> 'facts' ->> 'timeZone', 'UTC')`;

/** Which deadlines have woken whom: a row for each deadline and time zone, so that replicas and crashes wake nobody twice. */
export class WakeUpRepository {
  async wakingDeployments(database: Queryable): Promise<WakingDeployment[]> {
    return database.query<WakingDeployment>(
      `select uid, name, spec, created_at as "createdAt" from deployment
       where spec -> 'wakeUp' = 'true' and not spec ? 'hold' limit 10000`,
    );
  }

  /** Time zones that devices told of. */
  async timeZones(database: Queryable): Promise<string[]> {
    const rows = await database.query<{ zone: string }>(`select distinct ${zoneOf} as zone from device limit 1000`);
    return rows.map(({ zone }) => zone);
  }

  /** Remembers a deadline; one that is known stays as it is. */
  async note(database: Queryable, deploymentUid: string, dueAt: Date, timeZone: string): Promise<void> {
    await database.query(
      `insert into wake_up (deployment_uid, due_at, time_zone) values ($1, $2, $3) on conflict do nothing`,
      [deploymentUid, dueAt, timeZone],
    );
  }

  /** Takes a deadline whose packets are still to be sent, for a minute. */
  async claim(database: Queryable): Promise<WakeUpClaim | undefined> {
    const [row] = await database.query<WakeUpClaim>(
      `update wake_up set taken_until = now() + interval '1 minute'
       from (
         select deployment_uid, due_at, time_zone from wake_up
         where done_at is null and (taken_until is null or taken_until < now())
         order by due_at limit 1 for update skip locked
       ) as next
         left join deployment on deployment.uid = next.deployment_uid
       where wake_up.deployment_uid = next.deployment_uid and wake_up.due_at = next.due_at
         and wake_up.time_zone = next.time_zone
       returning wake_up.deployment_uid as "deploymentUid", coalesce(deployment.name, '') as name,
         wake_up.due_at as "dueAt", wake_up.time_zone as "timeZone", wake_up.after_device as "afterDevice"`,
    );
    return row;
  }

  /** The next devices of a claim that have told of cards; none once the deployment is gone or held. */
  async page(
    database: Queryable,
    { deploymentUid, timeZone }: WakeUpClaim,
    after: string,
    limit: number,
  ): Promise<SleepingDevice[]> {
    return database.query<SleepingDevice>(
      `select device.uid, device.status -> 'facts' -> 'network' as network
       from deployment
         join collection on collection.name = deployment.collection
         join collection_member on collection_member.collection_uid = collection.uid
         join device on device.uid = collection_member.device_uid
       where deployment.uid = $1 and not deployment.spec ? 'hold' and device.uid > $2
         and device.status -> 'facts' ? 'network' and ($3 = '' or ${zoneOf} = $3)
       order by device.uid limit $4`,
      [deploymentUid, after, timeZone, limit],
    );
  }

  /** Remembers how far the packets of a claim are, and keeps it for another minute. */
  async progress(
    database: Queryable,
    { deploymentUid, dueAt, timeZone }: WakeUpClaim,
    { after, packets, done }: { readonly after: string; readonly packets: number; readonly done: boolean },
  ): Promise<void> {
    await database.query(
      `update wake_up set after_device = $4, packets = packets + $5, taken_until = now() + interval '1 minute',
         done_at = case when $6 then now() end
       where deployment_uid = $1 and due_at = $2 and time_zone = $3`,
      [deploymentUid, dueAt, timeZone, after, packets, done],
    );
  }

  /** Forgets deadlines that cannot come again. */
  async forgetOld(database: Queryable): Promise<void> {
    await database.query(`delete from wake_up where due_at < now() - interval '7 days'`);
  }

  /**
   * Devices that were heard of lately, by subnets in which they are: a few of each, the last heard of first.
   *
   * @param asleep devices that are none of them
   */
  async awakeIn(
    database: Queryable,
    subnets: readonly string[],
    asleep: readonly string[],
    most: number,
  ): Promise<Map<string, string[]>> {
    const rows = await database.query<{ subnet: string; devices: string[] }>(
      `select subnet, awake.devices from unnest($1::text[]) as wanted (subnet), lateral (
         select json_agg(uid) as devices from (
           select device.uid from device_subnet
             join device on device.uid = device_subnet.device_uid and device.state = 'approved'
             left join device_seen on device_seen.device_uid = device.uid,
             lateral (select greatest(seen_at, (device.status ->> 'enrolledAt')::timestamptz) as heard_at) as heard
           where device_subnet.subnet = wanted.subnet and device.uid <> all($2::uuid[])
             and heard_at > now() - interval '15 minutes'
           order by heard_at desc limit $3) as lately) as awake
       where awake.devices is not null`,
      [subnets, asleep, most],
    );
    return new Map(rows.map(({ subnet, devices }) => [subnet, devices]));
  }

  /** What a device told of its cards; undefined: there is no such device. */
  async networkOf(database: Queryable, name: string): Promise<SleepingDevice | undefined> {
    const [row] = await database.query<SleepingDevice>(
      `select uid, coalesce(status -> 'facts' -> 'network', '[]') as network from device where name = $1`,
      [name],
    );
    return row;
  }
}
