import type { ToldFate } from '@muster/contracts/agent/fates.js';
import { toInstant } from '../instant.js';

/** A fate, and whose it is. */
export type FateOfDevice = ToldFate & { readonly deviceUid: string };

/** What a clock says that says nonsense. */
const LONG_AGO = new Date(0).toISOString();

/**
 * A fate as a row of `device_fate`. Its times are those of some computer: what the database cannot keep must not spoil what others told
 * with it. Pure.
 */
export function rowOfFate({ deviceUid, deploymentUid, number, acceptance, delivery }: FateOfDevice) {
  return {
    device_uid: deviceUid,
    deployment_uid: deploymentUid,
    number,
    acceptance: acceptance.state,
    acceptance_at: toInstant(acceptance.at) ?? LONG_AGO,
    acceptance_says: acceptance.says,
    delivery: delivery?.state,
    reason: delivery?.reason,
    delivery_at: delivery && (toInstant(delivery.at) ?? LONG_AGO),
    until_at: delivery?.until === undefined ? undefined : toInstant(delivery.until),
    delivery_says: delivery?.says,
  };
}
