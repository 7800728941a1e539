import type { Database } from '@muster/persistence/database.js';

export interface MessagingLag {
  head: number;
  published: number;
  unpositioned: number;
  inbox: { producer: string; position: number }[];
  parked: number;
}

/** What waits between this service and the others. */
export async function readMessagingLag(database: Database): Promise<MessagingLag> {
  const [row] = await database.query<MessagingLag>(
    `select position as head, published,
            (select count(*) from outbox where position is null) as unpositioned,
            (select count(*) from inbox_parked) as parked,
            coalesce((select jsonb_agg(jsonb_build_object('producer', producer, 'position', position)) from inbox), '[]') as inbox
     from outbox_head`,
  );
  return row ?? { head: 0, published: 0, unpositioned: 0, inbox: [], parked: 0 };
}
