import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { TpmFacts } from '@muster/sequence/steps/check-readiness/judge-readiness.js';
import { saidByMaker } from './linux-machine.js';
import type { SystemTree } from './system-tree.js';

const dmi = '/sys/class/dmi/id';
/** UEFI: four bytes of attributes, then one that is 1 while secure boot is enforced. */
const SECURE_BOOT = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** Maker, version and day of the firmware's program, as its tables have it. */
export function biosFacts(tree: SystemTree): Facts['bios'] {
  const bios = {
    vendor: saidByMaker(tree, `${dmi}/bios_vendor`),
    version: saidByMaker(tree, `${dmi}/bios_version`),
    releasedOn: dayOf(tree.text(`${dmi}/bios_date`) ?? ''),
  };
  return Object.values(bios).some((value) => value !== undefined) ? bios : undefined;
}

/** Tables write 01/31/2026. */
function dayOf(text: string): string | undefined {
  const [, month, day, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}`;
}

/** What UEFI says of itself; undefined where it does not say it, as every BIOS. */
export function secureBootOf(tree: SystemTree): boolean | undefined {
  const variable = tree.tail(SECURE_BOOT, 16);
  return variable?.length === 5 ? variable[4] === 1 : undefined;
}

/** Whether the system sees a TPM, and which; undefined where this system shows no devices at all. */
export function tpmFact(tree: SystemTree): Facts['tpm'] {
  const tpm = firstTpm(tree);
  if (tpm) return { present: true, ...tpm };
  return tree.has('/sys/class') ? { present: false } : undefined;
}

/** The first TPM. One of version 2 that the kernel drives is enabled and active; older ones say it. */
export function firstTpm(tree: SystemTree): TpmFacts | undefined {
  const folder = '/sys/class/tpm/tpm0';
  if (!tree.has(folder)) return undefined;
  const majorVersion = tree.number(`${folder}/tpm_version_major`) ?? (tree.has(`${folder}/device/caps`) ? 1 : 2);
  const says = (file: string): boolean => tree.text(`${folder}/device/${file}`) === '1';
  return {
    majorVersion,
    enabled: majorVersion >= 2 || says('enabled'),
    activated: majorVersion >= 2 || says('active'),
  };
}
