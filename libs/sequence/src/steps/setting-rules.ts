import { z } from 'zod';
import { LIMITS } from '../limits.js';
import { holdsVariable, textSetting, wholeNumberSetting } from './setting-types.js';

/*
 * What the settings of several step types share. A rule over two fields stays silent while one of them is wrong by
 * itself, so that one mistake is one finding. No rule asks for a secret: exports strip them. No rule forbids a setting that
 * a global variable may override, because such a variable reaches every step of its type.
 */

type Fields = Readonly<Record<string, unknown>>;

/** A text that may be empty, which is the same as absent: 0 to `maximum` characters, no NUL. */
export function optionalTextSetting(maximum: number) {
  return z
    .string()
    .max(maximum)
    .regex(/^[^\0]*$/, 'must not contain a NUL character');
}

/** Several texts: a list, or one text with commas, as lists are written in variables. The executor gets a list. */
export function listSetting(entry: z.ZodType<string, string> = textSetting(255)) {
  const list = z.array(entry).max(1000);
  return z.union([
    list,
    z
      .string()
      .max(LIMITS.variableValueLength)
      .transform((text, context) => {
        if (holdsVariable(text)) return text;
        const entries = text.split(',').flatMap((part) => part.trim() || []);
        const parsed = list.safeParse(entries);
        if (parsed.success) return parsed.data;
        context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? 'is no list of texts' });
        return z.NEVER;
      }),
  ]);
}

/** One of a few words, or the code that variables hold for it, or a variable. The executor gets the word. */
export function codedChoiceSetting<const W extends Readonly<Record<string, string>>>(codes: W) {
  const words = Object.keys(codes) as [keyof W & string, ...(keyof W & string)[]];
  const error = `must be one of: ${words.join(', ')}`;
  const forms = [
    z.enum(words),
    z
      .string()
      .max(LIMITS.variableNameLength + 2)
      .transform((text, context) => {
        const word = words.find((candidate) => codes[candidate] === text);
        if (word !== undefined || holdsVariable(text)) return word ?? text;
        context.addIssue({ code: 'custom', message: error });
        return z.NEVER;
      }),
  ] as const;
  return z.union(forms, { error });
}

/** Name of a variable that a step reads; engine-owned names may be read too. */
export const readableNameSetting = z
  .string()
  .min(1)
  .max(LIMITS.variableNameLength)
  .refine((name) => holdsVariable(name) || /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name), 'must be a name of a variable');

/** A volume: a drive letter with a colon, or an absolute path (mount point or device). */
export const driveSetting = z
  .string()
  .min(1)
  .max(LIMITS.pathLength)
  .refine(
    (text) => holdsVariable(text) || /^([A-Za-z]:\\?|\/[^\0]*)$/.test(text),
    'must be a drive letter such as D: or an absolute path such as /dev/sda2',
  );

/** An IPv4 or IPv6 address. */
export const addressSetting = z
  .string()
  .max(255)
  .refine(
    (text) => holdsVariable(text) || z.union([z.ipv4(), z.ipv6()]).safeParse(text).success,
    'must be an IP address',
  );

/** Where a volume is named: disk and partition, or drive, or a variable. `destinationRules` belong to these fields. */
export const destinationFields = {
  destinationDisk: wholeNumberSetting(0, 99)
    .optional()
    .meta({ description: 'number of the disk, with destinationPartition' }),
  destinationPartition: wholeNumberSetting(1, 99)
    .optional()
    .meta({ description: 'number of the partition on destinationDisk' }),
  destinationDrive: driveSetting
    .optional()
    .meta({ description: 'the volume itself: drive letter, mount point or device' }),
  destinationVariable: readableNameSetting.optional().meta({
    description: 'name of a variable that holds the volume, as `disk,partition` or as a drive',
  }),
};

/** A volume is named in at most one way. */
export const destinationRules = [
  oneAtMost('destinationDisk', 'destinationDrive', 'destinationVariable'),
  together('destinationDisk', 'destinationPartition'),
] as const;

/** One of the fields must be there, or several. The finding stands at the first. */
export function oneAtLeast(...names: readonly [string, ...string[]]) {
  return rule(names, (fields, report) => {
    if (names.some((name) => has(fields, name))) return;
    const list = names.join(', ');
    report(names[0], `none of these is given: ${list}`, `add one of: ${list}`, 'sequence.missing-field');
  });
}

/** No two of the fields may be there. The finding stands at the later one. */
export function oneAtMost(...names: readonly [string, ...string[]]) {
  return rule(names, (fields, report) => {
    const [first, ...others] = names.filter((name) => has(fields, name));
    for (const other of others)
      report(other, `"${other}" and "${first}" exclude each other`, `remove "${other}" or "${first}"`);
  });
}

/** Fields that make sense together only: all of them or none. */
export function together(...names: readonly [string, ...string[]]) {
  return rule(names, (fields, report) => {
    const given = names.find((name) => has(fields, name));
    if (given === undefined) return;
    for (const missing of names.filter((name) => !has(fields, name)))
      report(missing, `"${missing}" is missing beside "${given}"`, `add "${missing}"`, 'sequence.missing-field');
  });
}

/** A field without which another one makes no sense. */
export function neededBy(name: string, other: string) {
  return rule([name, other], (fields, report) => {
    if (has(fields, other) && !has(fields, name))
      report(name, `"${name}" is missing beside "${other}"`, `add "${name}"`, 'sequence.missing-field');
  });
}

/** A field must be there while another one has one of some values. */
export function requiredWhen(name: string, other: string, ...values: readonly unknown[]) {
  return rule([name, other], (fields, report) => {
    if (has(fields, name) || !values.includes(fields[other])) return;
    const why = `"${name}" is missing: "${other}" is ${String(fields[other])}`;
    report(name, why, `add "${name}"`, 'sequence.missing-field');
  });
}

/**
 * A field must not be there (or not be true) unless another one has one of some values, or a
 * variable that may have. `undefined` among the values: the other may be absent.
 */
export function onlyWhen(name: string, other: string, ...values: readonly unknown[]) {
  return rule([name, other], (fields, report) => {
    const value = fields[other];
    const idle = !has(fields, name) || fields[name] === false;
    if (idle || values.includes(value) || (typeof value === 'string' && holdsVariable(value))) return;
    const wanted = values.flatMap((one) => (one === undefined ? [] : [String(one)])).join(' or ');
    report(name, `"${name}" needs "${other}" to be ${wanted}`, `remove "${name}", or make "${other}" ${wanted}`);
  });
}

type Report = (field: string, message: string, fix: string, code?: string) => void;

function rule(names: readonly string[], judge: (fields: Fields, report: Report) => void) {
  return z.superRefine<Fields>(
    (fields, context) =>
      judge(fields, (field, message, fix, code) =>
        context.addIssue({
          code: 'custom',
          path: [field],
          message,
          params: { fix, ...(code === undefined ? {} : { code }) },
        }),
      ),
    // Also when other fields are wrong, so that all findings come at once.
    {
      when: ({ value, issues }) => isFields(value) && !issues.some((issue) => names.includes(String(issue.path?.[0]))),
    },
  );
}

function has(fields: Fields, name: string): boolean {
  return fields[name] !== undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
