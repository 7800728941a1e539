import type { HardwareIdentity } from '@muster/contracts/kinds/hardware-identity.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';
import type { NamedHardware } from './device-hardware.repository.js';

/**
 * Hardware of a document that another record names, or that several computers of the site have; undefined: none. Of documents the first
 * that came has it.
 */
export function hardwareTaken(
  name: string,
  identity: HardwareIdentity | undefined,
  owners: readonly NamedHardware[],
  shared: ReadonlySet<string>,
): MusterError | undefined {
  const places = [
    { id: `smbios:${identity?.smbiosUuid}`, path: '/spec/identity/smbiosUuid', what: 'SMBIOS UUID' },
    ...(identity?.macAddresses ?? []).map((mac, index) => ({
      id: `mac:${mac}`,
      path: `/spec/identity/macAddresses/${index}`,
      what: 'MAC address',
    })),
  ];
  const common = places.find(({ id }) => shared.has(id));
  if (common) {
    const value = common.id.slice(common.id.indexOf(':') + 1);
    const message = `the ${common.what} ${value} is one that several computers of this site have (MUSTER_SHARED_HARDWARE)`;
    const fix = 'Name other hardware of the computer, or leave it to its name';
    return new MusterError(
      'invalid',
      'deployment.hardware-shared',
      `Device "${name}": ${common.path}: ${message}. ${fix}`,
      { findings: [{ path: common.path, code: 'deployment.hardware-shared', severity: 'error', message, fix }] },
    );
  }
  const findings = owners.flatMap((owner) => {
    const place = owner.name === name ? undefined : places.find(({ id }) => id === owner.hardware);
    if (!place) return [];
    const value = owner.hardware.slice(owner.hardware.indexOf(':') + 1);
    const message = `the ${place.what} ${value} is that of device "${owner.name}"`;
    const fix = 'Correct it, or take it out of that record first';
    return [{ path: place.path, code: 'deployment.hardware-taken', severity: 'error', message, fix } as ProblemFinding];
  });
  const [first] = findings;
  if (!first) return undefined;
  return new MusterError(
    'conflict',
    'deployment.hardware-taken',
    `Device "${name}": ${first.path}: ${first.message}. ${first.fix}`,
    { findings },
  );
}
