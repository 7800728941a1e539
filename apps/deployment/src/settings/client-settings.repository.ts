import type { Queryable } from '@muster/persistence/database.js';

/** Whom settings are for. */
export class ClientSettingsRepository {
  /** Names of settings that are for the members of a collection. */
  async naming(database: Queryable, collection: string, limit: number): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from client_settings where spec -> 'collections' ? $1 order by name limit $2`,
      [collection, limit],
    );
    return rows.map(({ name }) => name);
  }
}

/** SQL: the settings of the device of a row of `device`, as JSON; those that name no collection are for every device. */
export const SETTINGS_OF_DEVICE = `coalesce((
    select jsonb_agg(jsonb_build_object('name', one.name) || one.spec)
    from client_settings as one
    where not one.spec ? 'collections' or exists (
      select 1 from collection_member join collection on collection.uid = collection_member.collection_uid
      where collection_member.device_uid = device.uid and one.spec -> 'collections' ? collection.name)
  ), '[]')`;
