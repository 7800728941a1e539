import { sameJson } from '@muster/contracts/digest.js';
import type { SettingsOfDevice } from '@muster/contracts/kinds/resultant-settings.js';
import type { Transaction } from '@muster/persistence/database.js';

/** Settings of agents, with the collections whose members they are for. */
export interface KeptSettings extends SettingsOfDevice {
  readonly uid: string;
  readonly collections: readonly string[];
}

/** This service's copy of client settings: a row for each document, whatever the number of devices. */
export class ClientSettingsRepository {
  /** The uids of the collections whose members are told something else now; none when nothing changed. */
  async save(tx: Transaction, kept: KeptSettings): Promise<readonly string[]> {
    const { uid, name, priority = null, collections, settings } = kept;
    const [before] = await tx.query<Pick<KeptSettings, 'collections' | 'settings'> & { priority: number | null }>(
      'select collections, priority, settings from client_settings where uid = $1 for update',
      [uid],
    );
    await tx.query(
      `insert into client_settings (uid, name, priority, collections, settings) values ($1, $2, $3, $4, $5)
       on conflict (uid) do update set name = excluded.name, priority = excluded.priority,
         collections = excluded.collections, settings = excluded.settings`,
      [uid, name, priority, collections, JSON.stringify(settings)],
    );
    const same = before?.priority === priority && sameJson(before.settings, settings);
    const [had, have] = [new Set(before?.collections), new Set(collections)];
    // Who had them and has them still is concerned only by other values.
    const concerned = [...new Set([...had, ...have])].filter((one) => !same || !had.has(one) || !have.has(one));
    if (concerned.length === 0) return [];
    const rows = await tx.query<{ uid: string }>('select uid from collection where name = any($1) order by uid', [
      concerned,
    ]);
    return rows.map((row) => row.uid);
  }

  /** The uids of the collections whose members had them. */
  async remove(tx: Transaction, uid: string): Promise<readonly string[]> {
    const rows = await tx.query<{ uid: string }>(
      `with gone as (delete from client_settings where uid = $1 returning collections)
       select collection.uid from gone, collection where collection.name = any(gone.collections) order by 1`,
      [uid],
    );
    return rows.map((row) => row.uid);
  }

  /** Whether its members have settings of this collection. */
  async has(tx: Transaction, collectionUid: string): Promise<boolean> {
    const rows = await tx.query(
      `select 1 from client_settings join collection on collection.name = any(client_settings.collections)
       where collection.uid = $1 limit 1`,
      [collectionUid],
    );
    return rows.length > 0;
  }
}

/** SQL: the settings of a device, as JSON. */
export function settingsOf(deviceUid: string): string {
  return `coalesce((
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', one.name, 'priority', one.priority)) || jsonb_build_object('settings', one.settings)
                     order by one.uid)
    from client_settings as one
    where exists (
      select 1 from device_member join collection on collection.uid = device_member.collection_uid
      where device_member.device_uid = ${deviceUid} and device_member.left_at is null and collection.name = any(one.collections))
  ), '[]')`;
}
