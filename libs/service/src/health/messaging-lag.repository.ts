import type { Database } from '@muster/persistence/database.js';

export interface MessagingLag {
  head: number;
  published: number;
  unpositioned: number;
  /** Seconds for which the oldest fact that is not published waits, 0 without one. */
  waiting: number;
  inbox: { producer: string; position: number }[];
  parked: number;
  links: { peer: string; failedAttempts: number; backlog: number }[];
  replicasWaiting: number;
  replicasParked: number;
}

const NOTHING: MessagingLag = {
  head: 0,
  published: 0,
  unpositioned: 0,
  waiting: 0,
  inbox: [],
  parked: 0,
  links: [],
  replicasWaiting: 0,
  replicasParked: 0,
};

/** What waits between this service and the others, and between this site and its neighbours. */
export async function readMessagingLag(database: Database): Promise<MessagingLag> {
  const [row] = await database.query<MessagingLag>(
    `select position as head, published,
            (select count(*) from outbox where position is null) as unpositioned,
            coalesce(extract(epoch from now() - least(
              (select occurred_at from outbox where outbox.position is null order by sequence limit 1),
              (select occurred_at from outbox where outbox.position > published order by outbox.position limit 1))), 0)::float8 as waiting,
            (select count(*) from inbox_parked) as parked,
            coalesce((select jsonb_agg(jsonb_build_object('producer', producer, 'position', position)) from inbox), '[]') as inbox,
            (select coalesce(jsonb_agg(jsonb_build_object('peer', peer, 'failedAttempts', failed_attempts, 'backlog', backlog)), '[]')
               from replica_link join hierarchy_site on code = peer where revoked_at is null) as links,
            (select count(*) from replica_problem) as "replicasWaiting",
            (select count(*) from replica_parked) as "replicasParked"
     from outbox_head`,
  );
  return row ?? NOTHING;
}
