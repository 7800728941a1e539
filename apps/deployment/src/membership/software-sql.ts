import type { FactShape } from '@muster/sequence/conditions/facts-schema.js';

/** What queries call it, and collections that read it. */
export const SOFTWARE_FACT = 'software';

/**
 * For whom a query is compiled. Of the whole fleet the entries that fit are looked up once, and then the devices that have any of them, by
 * an index; of some devices only what they have is looked at; of one device it is looked at once for all queries of a statement, which `EntryTests`
 * gathers. All decide the same.
 */
export type Audience = 'fleet' | 'some' | EntryTests;

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
  if (audience instanceof EntryTests) return audience.add(every, test);
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

/** Tests of the entries of one device, made of all of them in one pass. */
export class EntryTests {
  /** What every test calls the entry. */
  static readonly ENTRY = 'entry';
  private readonly tests: { readonly every: boolean; readonly test: string }[] = [];

  get count(): number {
    return this.tests.length;
  }

  /** The outcome of the loop, in a statement with `join`. */
  add(every: boolean, test: string): string {
    const nth = this.tests.push({ every, test });
    return `(case when asked.decided[${nth}] then ${!every} when asked.open[${nth}] then null when asked.left_out = 0 then ${every} end)`;
  }

  /** To stand behind `from device`; empty where nothing is tested. */
  get join(): string {
    if (this.tests.length === 0) return '';
    const each = (aggregated: (one: { every: boolean; test: string }) => string): string =>
      `array[${this.tests.map((one) => `bool_or(${aggregated(one)})`).join(', ')}]`;
    return `left join lateral (
      select own.left_out, told.* from device_software as own cross join lateral (
        select ${each(({ every, test }) => (every ? `not (${test})` : test))} as decided, ${each(({ test }) => `(${test}) is null`)} as open
        from unnest(own.items) as item (id) join software as ${EntryTests.ENTRY} on ${EntryTests.ENTRY}.id = item.id) as told
      where own.device_uid = device.uid) as asked on true`;
  }

  /** True for an entry without which one of the tests from `first` on might come out otherwise. */
  matters(first = 0): string {
    return (
      this.tests
        .slice(first)
        .map(({ every, test }) => `(${test}) is distinct from ${every}`)
        .join(' or ') || 'false'
    );
  }
}
