import type { ToldFate } from '@muster/contracts/agent/fates.js';
import { FATES_AT_ONCE } from '@muster/contracts/events/fates-told.js';
import { MOST_FACT_BYTES } from '../reports/group-reports.js';

/** What a device told of one deployment. */
export type TakenFate = ToldFate & { readonly deviceUid: string };

/** Of each device and deployment the one with the greatest number, which is the only one that counts. */
export function newestOf(fates: readonly TakenFate[]): TakenFate[] {
  const newest = new Map<string, TakenFate>();
  for (const fate of fates) {
    const before = newest.get(pairOf(fate));
    if (!before || before.number < fate.number) newest.set(pairOf(fate), fate);
  }
  return [...newest.values()];
}

/** Fates as facts, none too long for a message of the bus. */
export function factsOf(fates: readonly TakenFate[], mostBytes = MOST_FACT_BYTES): { fates: TakenFate[] }[] {
  const facts: { fates: TakenFate[] }[] = [];
  let bytes = Infinity;
  for (const fate of fates) {
    const size = Buffer.byteLength(JSON.stringify(fate)) + 1;
    const open = facts.at(-1);
    if (open && bytes + size <= mostBytes && open.fates.length < FATES_AT_ONCE) {
      open.fates.push(fate);
      bytes += size;
    } else {
      facts.push({ fates: [fate] });
      bytes = size;
    }
  }
  return facts;
}

/** What a fate is of, as a key. */
export function pairOf({ deviceUid, deploymentUid }: Pick<TakenFate, 'deviceUid' | 'deploymentUid'>): string {
  return `${deviceUid} ${deploymentUid}`;
}
