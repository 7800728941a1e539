import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';

/** Ids that many computers share, because their maker gave none of its own. They tell nobody apart. */
const SHARED_BY_MANY: ReadonlySet<string> = new Set([
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '00:00:00:00:00:00',
  'ff:ff:ff:ff:ff:ff',
]);

const smbiosUuidSchema = z
  .string()
  .max(64)
  .overwrite(normaliseSmbiosUuid)
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'an SMBIOS UUID has 32 hex digits')
  .refine((uuid) => !SHARED_BY_MANY.has(uuid), 'many computers have this SMBIOS UUID: it names none of them');

const macAddressSchema = z
  .string()
  .max(64)
  .overwrite(normaliseMac)
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a MAC address has 12 hex digits')
  .refine((mac) => !SHARED_BY_MANY.has(mac), 'this is the MAC address of no network card');

/** By what a computer is known before it has a key: what its firmware and its network cards say. */
export const hardwareIdentitySchema = z
  .strictObject({
    smbiosUuid: smbiosUuidSchema
      .optional()
      .describe('Of the firmware (dmidecode -s system-uuid). Upper and lower case, braces and hyphens do not matter'),
    macAddresses: z
      .array(macAddressSchema)
      .min(1)
      .max(16)
      .overwrite((macs) => [...new Set(macs)])
      .optional()
      .describe('Of network cards. Case and separators do not matter'),
  })
  .refine(
    ({ smbiosUuid, macAddresses }) => smbiosUuid !== undefined || macAddresses !== undefined,
    'name an smbiosUuid or macAddresses, or leave identity away',
  )
  .meta({ id: 'HardwareIdentity' });

export type HardwareIdentity = z.infer<typeof hardwareIdentitySchema>;

/** `4C4C4544…`, `{4c4c4544-…}` → `4c4c4544-0042-…`; what is no UUID stays as it is, in lower case. */
export function normaliseSmbiosUuid(text: string): string {
  const digits = text.trim().toLowerCase().replaceAll(/[{}-]/g, '');
  return /^[0-9a-f]{32}$/.test(digits)
    ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    : text.trim().toLowerCase();
}

/** `AA-BB-CC-00-11-22`, `aabb.cc00.1122`, `AABBCC001122` → `aa:bb:cc:00:11:22`; what is no MAC address stays, in lower case. */
export function normaliseMac(text: string): string {
  const digits = text.trim().toLowerCase().replaceAll(/[:.-]/g, '');
  return /^[0-9a-f]{12}$/.test(digits) ? digits.replaceAll(/(..)(?=.)/g, '$1:') : text.trim().toLowerCase();
}

/** The id of a MAC address or SMBIOS UUID as people write it; undefined: it is neither. */
export function hardwareIdOf(text: string): string | undefined {
  const mac = macAddressSchema.safeParse(text);
  if (mac.success) return `mac:${mac.data}`;
  const uuid = smbiosUuidSchema.safeParse(text);
  return uuid.success ? `smbios:${uuid.data}` : undefined;
}

/** What a document names, as ids that can be compared: `smbios:…`, `mac:…`. */
export function hardwareIds(identity: HardwareIdentity | undefined): string[] {
  const { smbiosUuid, macAddresses = [] } = identity ?? {};
  return [...(smbiosUuid === undefined ? [] : [`smbios:${smbiosUuid}`]), ...macAddresses.map((mac) => `mac:${mac}`)];
}

/**
 * Of ids of one computer those that no other has, as far as makers kept to it: of its firmware, else of cards with an address that a
 * maker gave. Addresses that software made up are the same on many computers.
 */
export function strongHardware(ids: readonly string[]): string[] {
  const firmware = ids.filter((id) => id.startsWith('smbios:'));
  if (firmware.length > 0) return firmware;
  return ids.filter((id) => (Number.parseInt(id.slice('mac:'.length, 'mac:'.length + 2), 16) & 2) === 0);
}

/** Of ids of one computer that of its firmware, if it has one that can be told. */
export function firmwareOf(ids: readonly string[]): string | undefined {
  return ids.find((id) => id.startsWith('smbios:'));
}

/**
 * The same ids of what a computer told of itself. A container shows the firmware of the computer below it, which is not its
 * own, so there only network cards count.
 */
export function hardwareOfFacts({ machine, network = [], virtualization }: Facts): string[] {
  const uuid = virtualization === 'container' ? undefined : machine?.uuid;
  const told = [
    ...(uuid === undefined ? [] : [`smbios:${normaliseSmbiosUuid(uuid)}`]),
    ...network.flatMap(({ mac }) => (mac === undefined ? [] : [`mac:${normaliseMac(mac)}`])),
  ];
  return [...new Set(told)].filter((id) => !SHARED_BY_MANY.has(id.slice(id.indexOf(':') + 1)));
}
