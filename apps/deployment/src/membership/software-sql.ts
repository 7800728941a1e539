import type { FactShape } from '@muster/sequence/conditions/facts-schema.js';

/** What queries call it, and collections that read it. */
export const SOFTWARE_FACT = 'software';

/**
 * For whom a query is compiled. Of the whole fleet the entries that fit are looked up once, and then the devices that have any of them, by
 * an index; of some devices only what they have is looked at. Both decide the same.
 */
export type Audience = 'fleet' | 'some';

const own = 'from device_software as own where own.device_uid = device.uid';

/** Null where the device has told nothing of its software. */
export const TOLD_SOFTWARE = `(select own.items ${own})`;

/** How many entries there are; null also where the device has more than it told. */
export const SOFTWARE_SIZE = `(select cardinality(own.items)::numeric ${own} and own.left_out = 0)`;

/** A field of an entry, as a column. */
export function softwareColumn(entry: string, field: string, shape: FactShape): { type: 'text'; sql: string } {
  if (shape.kind !== 'text') throw new Error(`software has a field "${field}" that is no text`);
  // All others are always there, and plain columns are looked up by their index.
  return { type: 'text', sql: field === 'architecture' ? `nullif(${entry}.architecture, '')` : `${entry}.${field}` };
}

/**
 * Whether any entry passes a test, or every. Decided by one entry, else unknown by one, else the other way, if the device told all that it
 * has: as && and || do.
 *
 * @param entry what `test` calls the entry; `test` says nothing of the device
 */
export function softwareTest(every: boolean, entry: string, test: string, audience: Audience): string {
  const deciding = every ? `not (${test})` : test;
  if (audience === 'some') {
    return `(select case when told.decided then ${!every} when told.open then null when own.left_out = 0 then ${every} end
      from device_software as own cross join lateral (
        select bool_or(${deciding}) as decided, bool_or((${test}) is null) as open
        from unnest(own.items) as item (id) join software as ${entry} on ${entry}.id = item.id) as told
      where own.device_uid = device.uid)`;
  }
  const has = (condition: string): string =>
    `exists (select 1 ${own} and own.items && array(select ${entry}.id from software as ${entry} where ${condition}))`;
  return `(case when ${has(deciding)} then ${!every} when ${has(`(${test}) is null`)} then null
    when exists (select 1 ${own} and own.left_out = 0) then ${every} end)`;
}
