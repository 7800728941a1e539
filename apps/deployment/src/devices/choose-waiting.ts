import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { hardwareOfFacts, type HardwareIdentity } from '@muster/contracts/kinds/hardware-identity.js';
import type { NamedHardware } from './device-hardware.repository.js';

/**
 * Which record a computer that enrols takes over, by name; undefined: none waits for it. A record that names its hardware comes
 * first, the firmware's id before network cards: a card moves from computer to computer. Else the record of its name, unless
 * that one names hardware: then it waits for just that.
 *
 * @param named records that name any hardware of this computer
 * @param namesake the record of its name, while it has no device
 */
export function chooseWaiting(
  facts: Facts,
  named: readonly NamedHardware[],
  namesake: { readonly name: string; readonly identity: HardwareIdentity | undefined } | undefined,
): string | undefined {
  const waiting = new Map(named.filter(({ enrolled }) => !enrolled).map(({ hardware, name }) => [hardware, name]));
  for (const id of hardwareOfFacts(facts)) {
    const name = waiting.get(id);
    if (name !== undefined) return name;
  }
  return namesake?.identity === undefined ? namesake?.name : undefined;
}
