import { z } from 'zod';
import { softwareSchema } from './software-schema.js';

const text = (maximum = 256) => z.string().max(maximum);
const count = z.int().nonnegative();

/** Values of `virtualization`. */
export const VIRTUALIZATIONS = [
  'none',
  'container',
  'kvm',
  'qemu',
  'vmware',
  'virtualbox',
  'hyperv',
  'xen',
  'other',
] as const;

/** Facts that a computer may have of its own. */
export const MOST_CUSTOM_FACTS = 100;
/** So many of those that are left out are told. */
export const MOST_LEFT_OUT = 20;

/**
 * The computer as facts queries see it, and as inventory tells it. The schema is fixed: a fact may be added, none changes
 * its meaning. What cannot be found out is absent, so everything is optional. docs/conditions.md says where each comes from.
 */
export const factsSchema = z
  .strictObject({
    os: z
      .strictObject({
        id: text(64).optional().meta({ description: 'ID of os-release in lower case; windows; macos' }),
        name: text().optional(),
        version: text().optional().meta({ description: 'as people write it: 12 (bookworm)' }),
        versionId: text(64).optional().meta({ description: 'as programs compare it: 12' }),
        family: text(64).optional().meta({ description: 'debian, fedora, suse, arch, alpine, gentoo, windows, macos' }),
        kernel: text(128).optional(),
        architecture: text(32).optional().meta({ description: 'x64, x86, arm64, arm, or what Node calls it' }),
        language: text(40).optional().meta({ description: 'language tag: de-DE' }),
        lastBootAt: text(40).optional().meta({ description: 'UTC: 2026-01-31T07:58:12Z' }),
      })
      .optional(),
    hostname: text(255).optional(),
    domain: text(255).optional(),
    timeZone: text(64).optional().meta({ description: 'IANA name: Europe/Berlin' }),
    memoryMegabytes: count.optional(),
    cpu: z
      .strictObject({
        model: text().optional(),
        cores: count.optional().meta({ description: 'logical processors' }),
        megahertz: count.optional().meta({ description: 'highest clock, or the one at the moment' }),
      })
      .optional(),
    firmware: z.enum(['uefi', 'bios']).optional(),
    bios: z
      .strictObject({
        vendor: text().optional(),
        version: text().optional(),
        releasedOn: text(10).optional().meta({ description: '2026-01-31' }),
      })
      .optional()
      .meta({ description: 'program of the firmware, be it BIOS or UEFI' }),
    secureBoot: z
      .boolean()
      .optional()
      .meta({ description: 'the firmware starts only what is signed; UEFI alone says it' }),
    tpm: z
      .strictObject({
        present: z.boolean().meta({ description: 'the system sees one' }),
        majorVersion: count.optional(),
        enabled: z.boolean().optional(),
        activated: z.boolean().optional(),
      })
      .optional(),
    virtualization: z.enum(VIRTUALIZATIONS).optional(),
    machine: z
      .strictObject({
        manufacturer: text().optional(),
        model: text().optional(),
        serialNumber: text().optional(),
        uuid: text(64).optional(),
        assetTag: text().optional(),
        chassis: text(32)
          .optional()
          .meta({ description: 'desktop, laptop, tablet, convertible, handheld, server, embedded' }),
      })
      .optional(),
    disks: z
      .array(z.strictObject({ name: text(64), sizeMegabytes: count, rotational: z.boolean().optional() }))
      .max(256)
      .optional(),
    partitions: z
      .array(z.strictObject({ name: text(64), disk: text(64), sizeMegabytes: count }))
      .max(256)
      .optional(),
    filesystems: z
      .array(
        z.strictObject({
          mount: text(4096),
          type: text(64).optional().meta({ description: 'ext4, xfs, btrfs, …' }),
          device: text(4096).optional().meta({ description: '/dev/sda1; absent where it lies on none of its own' }),
          sizeMegabytes: count,
          freeMegabytes: count,
        }),
      )
      .max(256)
      .optional(),
    network: z
      .array(
        z.strictObject({
          name: text(64),
          mac: text(64).optional().meta({ description: 'lower case, with colons' }),
          addresses: z.array(text(64)).max(64),
          subnets: z
            .array(text(64))
            .max(64)
            .optional()
            .meta({ description: 'IPv4 networks of its addresses: 10.1.2.0/24' }),
          dhcp: z.boolean().optional().meta({ description: 'one of its IPv4 addresses is lent' }),
        }),
      )
      .max(256)
      .optional(),
    custom: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/),
          value: text().meta({ description: 'numbers and booleans as texts' }),
        }),
      )
      .max(MOST_CUSTOM_FACTS)
      .optional()
      .meta({ description: 'what somebody wrote on the computer' }),
    customLeftOut: z
      .array(
        z.strictObject({
          file: text(255),
          name: text(100).optional().meta({ description: 'absent: nothing of the file is told' }),
          reason: text(100),
        }),
      )
      .max(MOST_LEFT_OUT)
      .optional()
      .meta({ description: 'what somebody wrote on the computer and is not told, and why' }),
    lastUser: z
      .strictObject({ name: text(), loggedOnAt: text(40).meta({ description: 'UTC: 2026-01-31T07:58:12Z' }) })
      .optional()
      .meta({ description: 'who logged on last' }),
    power: z.enum(['ac', 'battery', 'unknown']).optional(),
    onInternet: z
      .boolean()
      .optional()
      .meta({ description: 'none of its addresses is in a network of the organisation' }),
    writeFilter: z
      .boolean()
      .optional()
      .meta({ description: 'what is written to the system is gone with its next restart' }),
    agent: z.strictObject({ version: text(32) }).optional(),
  })
  .meta({ id: 'Facts', description: 'what is known of a computer' });

export type Facts = z.infer<typeof factsSchema>;

/**
 * What queries ask: the facts, and the installed software, which is told apart from them, since it is some hundred times as much and
 * changes on other days.
 */
export const queriedFactsSchema = z.strictObject({ ...factsSchema.shape, software: softwareSchema.optional() });

export type QueriedFacts = z.infer<typeof queriedFactsSchema>;
export type Virtualization = (typeof VIRTUALIZATIONS)[number];

/** Shape of a fact: a record with its fields, a list with its elements, or one value. */
export type FactShape =
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, FactShape>> }
  | { readonly kind: 'list'; readonly element: FactShape }
  | { readonly kind: 'text' | 'number' | 'boolean' };

/** The shape of all that queries ask, read off the schema. */
export const FACT_SHAPE: FactShape = shapeOf(queriedFactsSchema);

function shapeOf(schema: unknown): FactShape {
  if (schema instanceof z.ZodOptional) return shapeOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return { kind: 'list', element: shapeOf(schema.element) };
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape as Record<string, unknown>).map(([name, field]) => [
      name,
      shapeOf(field),
    ]);
    return { kind: 'record', fields: Object.fromEntries(fields) as Record<string, FactShape> };
  }
  if (schema instanceof z.ZodBoolean) return { kind: 'boolean' };
  return { kind: schema instanceof z.ZodNumber ? 'number' : 'text' };
}
