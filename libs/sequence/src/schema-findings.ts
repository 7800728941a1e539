import type { z } from 'zod';
import { type Finding, nearest, pointer } from './findings.js';

type Issue = z.core.$ZodIssue;

/** What each mistake is called. */
export interface FindingCodes {
  readonly unknownField: string;
  readonly missing: string;
  readonly wrongType: string;
  readonly outOfRange: string;
  readonly unknownValue: string;
  readonly invalid: string;
}

const SEQUENCE_CODES: FindingCodes = {
  unknownField: 'sequence.unknown-field',
  missing: 'sequence.missing-field',
  wrongType: 'sequence.wrong-type',
  outOfRange: 'sequence.out-of-range',
  unknownValue: 'sequence.invalid-value',
  invalid: 'sequence.invalid-value',
};

/** What was checked, with what, and what its mistakes are called. */
interface Checked {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly base: string;
  readonly codes: FindingCodes;
  hint(key: string): string | undefined;
}

/**
 * Findings of one shallow schema. Unions and recursion are walked by hand in validate.ts, so that every
 * finding names one place and one cure.
 *
 * @param hint what would be right instead of an unknown field, where the caller knows better than its spelling says
 */
export function checkSchema(
  schema: z.ZodType,
  value: unknown,
  path: string,
  hint: (key: string) => string | undefined = () => undefined,
): Finding[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  const checked = { schema, root: value, base: path, codes: SEQUENCE_CODES, hint };
  return parsed.error.issues.flatMap((issue) => toFindings(issue, checked));
}

/** What a schema found wrong with a document, in plain words, each with what would be right. */
export function explainIssues(
  issues: readonly Issue[],
  schema: z.ZodType,
  document: unknown,
  codes: FindingCodes,
): Finding[] {
  const checked = { schema, root: document, base: '', codes, hint: () => undefined };
  return issues.flatMap((issue) => toFindings(issue, checked));
}

function toFindings(issue: Issue, checked: Checked): Finding[] {
  const { codes } = checked;
  const path = issue.path.reduce<string>((prefix, segment) => pointer(prefix, segment), checked.base);
  const found = (code: string, message: string, fix: string, at = path): Finding => ({
    path: at,
    code,
    severity: 'error',
    message,
    fix,
  });
  const label = issue.path.length > 0 ? `"${issue.path.map(String).join('.')}"` : 'this';
  const actual = valueAt(checked.root, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(checked.schema, issue.path);
      return issue.keys.map((key) => {
        const near = nearest(key, known);
        const hinted = issue.path.length === 0 ? checked.hint(key) : undefined;
        const list = known.length > 0 ? `known fields: ${known.join(', ')}` : 'remove it';
        const fix = hinted ?? (near ? `did you mean "${near}"?` : list);
        return found(codes.unknownField, `"${key}" is no field here`, fix, pointer(path, key));
      });
    }
    case 'invalid_type': {
      const type = TYPE_WORDS[issue.expected] ?? issue.expected;
      if (actual === undefined) return [found(codes.missing, `${label} is missing`, `add ${label} (${type})`)];
      const quote = issue.expected === 'string' && (typeof actual === 'number' || typeof actual === 'boolean');
      const fix = quote ? `write it in quotes: "${String(actual)}"` : `write a value of type ${type}`;
      return [found(codes.wrongType, `${label} must be of type ${type}, not ${typeName(actual)}`, fix)];
    }
    case 'too_small':
    case 'too_big': {
      const [bound, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
      const more = issue.inclusive === false ? `${issue.code === 'too_small' ? 'more' : 'less'} than` : bound;
      const rule = `${more} ${String(limit)}${unitOf(issue.origin, Number(limit))}`;
      return [found(codes.outOfRange, `${label} ${OUT_OF_RANGE[issue.code](issue.origin)}`, `make it ${rule}`)];
    }
    case 'invalid_value': {
      const values = issue.values.map(String).join(', ');
      if (actual === undefined) return [found(codes.missing, `${label} is missing`, `add ${label}: ${values}`)];
      return [found(codes.unknownValue, `${label} has an unknown value`, `one of: ${values}`)];
    }
    case 'invalid_union':
      return unionFindings(issue, checked, actual, found, label);
    case 'invalid_key':
    case 'invalid_element': {
      const [inner] = issue.issues;
      const why = inner === undefined || isOfZod(inner.message) ? wordsOfFormat(inner, label) : inner.message;
      return [found(codes.invalid, sentence(why, `the name ${label}`), 'choose another name')];
    }
    case 'custom': {
      const { code, fix }: { code?: unknown; fix?: unknown } = issue.params ?? {};
      const message = isOfZod(issue.message) ? 'is not valid' : issue.message;
      return [
        found(
          typeof code === 'string' ? code : codes.invalid,
          sentence(message, label),
          typeof fix === 'string' ? fix : fixOf(message),
        ),
      ];
    }
    default: {
      const message = isOfZod(issue.message) ? wordsOfFormat(issue, label) : issue.message;
      return [found(codes.invalid, sentence(message, label), fixOf(message))];
    }
  }
}

/**
 * Findings of a value that fits none of several forms: those of the form it was meant to have, which is the one whose
 * type it has and that its mistakes lie deepest in; else one finding that names all types.
 */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  checked: Checked,
  actual: unknown,
  found: (code: string, message: string, fix: string) => Finding,
  label: string,
): Finding[] {
  const { codes } = checked;
  const forms = issue.errors.map((form) => form.filter((inner) => inner.path.length === 0));
  const choices = [
    ...('options' in issue && Array.isArray(issue.options) ? (issue.options as unknown[]) : []),
    ...forms.flatMap((form) => form.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : []))),
  ];
  const types = forms.flatMap((form) => form.flatMap((inner) => (isOtherType(inner) ? inner.expected : [])));
  const oneOf = `one of: ${choices.map(String).join(', ')}`;
  const list = [...new Set(types)].map((type) => TYPE_WORDS[type] ?? type).join(' or ');
  if (actual === undefined) {
    const wanted = choices.length > 0 ? oneOf : list;
    return [found(codes.missing, `${label} is missing`, `add ${label}${wanted === '' ? '' : ` (${wanted})`}`)];
  }
  const [form] = issue.errors
    .filter((inner) => inner.length > 0 && !inner.some(isOtherType))
    .sort((one, other) => depthOf(other) - depthOf(one));
  if (form) return form.flatMap((inner) => toFindings({ ...inner, path: [...issue.path, ...inner.path] }, checked));
  if (list === '' && choices.length > 0) return [found(codes.unknownValue, `${label} has an unknown value`, oneOf)];
  if (list === '') return [found(codes.invalid, sentence(issue.message, label), fixOf(issue.message))];
  const message = `${label} must be of type ${list}, not ${typeName(actual)}`;
  return [found(codes.wrongType, message, `write a value of type ${list}`)];
}

const isOtherType = (issue: Issue): issue is z.core.$ZodIssueInvalidType =>
  issue.code === 'invalid_type' && issue.path.length === 0;

/** How far the mistakes of a form lie inside it: in the form that was meant they lie deepest. */
function depthOf(form: readonly Issue[]): number {
  return Math.max(0, ...form.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 0.5 : 0)));
}

/** Names of types for people. */
const TYPE_WORDS: Readonly<Record<string, string>> = { int: 'whole number', record: 'object' };

/** The validator's own words are not for people who write documents. */
const isOfZod = (message: string): boolean => /^(Invalid|Too (small|big)|Unrecognized)\b/.test(message);

/** What a text must look like. */
const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'must be a moment such as 2026-11-26T08:00:00Z',
  date: 'must be a day such as 2026-11-26',
  time: 'must be a time such as 08:00:00',
  duration: 'must be a duration such as PT30M',
  uuid: 'must be a uid such as 018f0000-0000-7000-8000-000000000000',
  url: 'must be an address such as https://example.org/',
  email: 'must be an e-mail address',
  base64: 'must be base64',
};

function wordsOfFormat(issue: Issue | undefined, label: string): string {
  if (issue?.code === 'not_multiple_of') return `must be a multiple of ${String(issue.divisor)}`;
  if (issue?.code !== 'invalid_format') return `${label} is not valid`;
  const { format } = issue;
  return FORMATS[format] ?? (issue.pattern === undefined ? `must be a valid ${format}` : `must fit ${issue.pattern}`);
}

/** Messages that go on after the name of the field ("must be …") get the name. */
function sentence(message: string, label: string): string {
  if (/^(must|is|has) /.test(message)) return `${label} ${message}`;
  return /^[A-Z]/.test(message) ? `${label}: ${message}` : message;
}

/** What would be right, from a message that says it. */
function fixOf(message: string): string {
  if (message.startsWith('must be ')) return `make it ${message.slice('must be '.length)}`;
  return message.startsWith('must ') ? `it ${message}` : 'correct the value';
}

/** Field names of the object that a schema wants at a path, of all its forms. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schemas = unwrapped(schema);
  for (const segment of path) schemas = schemas.flatMap((one) => below(one, segment)).flatMap(unwrapped);
  return [...new Set(schemas.flatMap((one) => ('shape' in one ? Object.keys(one.shape as object) : [])))];
}

/** A schema without what is around it: its forms when it has several. */
function unwrapped(schema: z.ZodType): z.ZodType[] {
  const { def } = schema as {
    def: { innerType?: z.ZodType; options?: z.ZodType[]; in?: z.ZodType; getter?(): z.ZodType };
  };
  if (def.options) return def.options.flatMap(unwrapped);
  const inner = def.innerType ?? def.in ?? def.getter?.();
  return inner ? unwrapped(inner) : [schema];
}

function below(schema: z.ZodType, segment: PropertyKey): z.ZodType[] {
  if ('shape' in schema) {
    const shape = schema.shape as Record<PropertyKey, z.ZodType>;
    return Object.hasOwn(shape, segment) ? [shape[segment]!] : [];
  }
  const { def } = schema as { def: { element?: unknown; valueType?: unknown } };
  return [def.element ?? def.valueType].filter((one) => typeof one === 'object') as z.ZodType[];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[segment];
  }
  return value;
}

/** Type of a JSON value in words. */
export function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** What is wrong with a value whose size is not allowed. */
const OUT_OF_RANGE = {
  too_small: (origin: string) =>
    origin === 'string' ? 'is too short' : origin === 'array' ? 'has too few entries' : 'is too small',
  too_big: (origin: string) =>
    origin === 'string' ? 'is too long' : origin === 'array' ? 'has too many entries' : 'is too large',
} as const;

function unitOf(origin: string, count: number): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin === 'array') return count === 1 ? ' entry' : ' entries';
  return '';
}
