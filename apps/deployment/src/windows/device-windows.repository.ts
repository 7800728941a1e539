import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import type { SettingsOfDevice } from '@muster/contracts/kinds/resultant-settings.js';
import type { Queryable } from '@muster/persistence/database.js';
import { SETTINGS_OF_DEVICE } from '../settings/client-settings.repository.js';

export type CollectionWindow = MaintenanceWindow & { collection: string };

/** The windows of a device: those of all its collections; and its settings, which may say how they count. */
export class DeviceWindowsRepository {
  /** Undefined: there is no such device. */
  async find(
    database: Queryable,
    device: string,
  ): Promise<{ timeZone: string | null; windows: CollectionWindow[]; settings: SettingsOfDevice[] } | undefined> {
    const [row] = await database.query<{
      timeZone: string | null;
      windows: CollectionWindow[];
      settings: SettingsOfDevice[];
    }>(
      `select device.status -> 'facts' ->> 'timeZone' as "timeZone", coalesce((
         select jsonb_agg(one.value || jsonb_build_object('collection', collection.name)
                          order by collection.name, one.number)
         from collection_member join collection on collection.uid = collection_member.collection_uid,
              jsonb_array_elements(collection.spec -> 'maintenanceWindows') with ordinality as one (value, number)
         where collection_member.device_uid = device.uid
       ), '[]') as windows, ${SETTINGS_OF_DEVICE} as settings
       from device where name = $1`,
      [device],
    );
    return row;
  }
}
