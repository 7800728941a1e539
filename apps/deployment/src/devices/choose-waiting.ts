import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { firmwareOf, hardwareOfFacts, type HardwareIdentity } from '@muster/contracts/kinds/hardware-identity.js';
import type { NamedHardware } from './device-hardware.repository.js';

/**
 * Which record a computer that enrols takes over, by name; undefined: none waits for it. A record that names its hardware comes
 * first, the firmware's id before network cards: a card moves from computer to computer. Else the record of its name, unless
 * that one names hardware: then it waits for just that.
 * A record that names the firmware of its computer follows it through reinstallations; by a network card alone nobody takes a
 * record from a computer that has it.
 *
 * @param named records that name any hardware of this computer
 * @param namesake the record of its name, while it has no device
 */
export function chooseWaiting(
  facts: Facts,
  named: readonly NamedHardware[],
  namesake: { readonly name: string; readonly identity: HardwareIdentity | undefined } | undefined,
): string | undefined {
  for (const id of hardwareOfFacts(facts)) {
    const owner = named.find(({ hardware }) => hardware === id);
    if (owner && (!owner.enrolled || id === firmwareOf([id]))) return owner.name;
  }
  return namesake?.identity === undefined ? namesake?.name : undefined;
}
