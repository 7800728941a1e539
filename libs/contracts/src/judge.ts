import { explainIssues } from '@muster/sequence/schema-findings.js';
import type { z } from 'zod';
import type { ProblemFinding } from './problem.js';
import type { Kind, ResourceInput } from './resource.js';
import { unstorableTexts } from './unstorable-text.js';

/** A valid value; or everything that is wrong with it. Warnings of a valid document go beside it. */
export type Judgement<Value> =
  | { readonly value: Value; readonly warnings: readonly ProblemFinding[] }
  | { readonly findings: readonly ProblemFinding[] };

/** Recursive schemas use the stack: a document nested deeper than any real one is refused before they see it. */
const DEEPEST = 450;

/** Validates a document and finds everything at once. Never throws for JSON values. */
export function judgeDocument<Value>(schema: z.ZodType<Value>, value: unknown): Judgement<Value> {
  if (isDeeperThan(value, DEEPEST)) return { findings: [tooDeep] };
  const unstorable = unstorableTexts(value);
  const result = schema.safeParse(value);
  if (result.success && unstorable.length === 0) return { value: result.data, warnings: [] };
  const found = result.success ? [] : explainIssues(result.error.issues, schema, value, CODES);
  return { findings: [...found, ...unstorable] };
}

/** Validates what a client wrote of a kind: the schema, and what the kind itself has to say of the specification. */
export function judgeInput<Spec, Status>(kind: Kind<Spec, Status>, value: unknown): Judgement<ResourceInput<Spec>> {
  if (!kind.judgeSpec) return judgeDocument(kind.input, value);
  if (isDeeperThan(value, DEEPEST)) return { findings: [tooDeep] };
  const spec = (value as { spec?: unknown } | null)?.spec;
  const all = spec === undefined ? [] : kind.judgeSpec(spec);
  const unstorable = unstorableTexts(value);
  const judged = all.filter(({ severity }) => severity !== 'warning');
  const warnings = all.filter(({ severity }) => severity === 'warning');
  // Who judges a specification finds at least what its schema would: it is read once, and stays the object that was judged.
  const schema = spec !== undefined && judged.length === 0 ? (kind.envelope as typeof kind.input) : kind.input;
  const parsed = schema.safeParse(value);
  if (parsed.success && judged.length + unstorable.length === 0) return { value: parsed.data, warnings };
  // The kind's own words for its specification, the schema's for everything around it.
  const found = parsed.success ? [] : explainIssues(parsed.error.issues, schema, value, CODES);
  const around = found.filter(({ path }) => judged.length === 0 || !(path === '/spec' || path.startsWith('/spec/')));
  return { findings: [...around, ...judged, ...unstorable, ...warnings] };
}

const tooDeep: ProblemFinding = {
  path: '',
  code: 'document.too-deep',
  severity: 'error',
  message: `nested more than ${DEEPEST} levels deep`,
  fix: 'Use fewer levels',
};

/** JSON pointer (RFC 6901) of a path into a document. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function isDeeperThan(value: unknown, levels: number): boolean {
  let layer: unknown[] = [value];
  for (let level = 0; level <= levels; level += 1) {
    layer = layer.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (layer.length === 0) return false;
  }
  return true;
}

/** The words of a sequence's findings; what is missing and what has another type have been one code from the beginning. */
const CODES = {
  unknownField: 'document.unknown-field',
  missing: 'document.wrong-type',
  wrongType: 'document.wrong-type',
  outOfRange: 'document.invalid-value',
  unknownValue: 'document.wrong-value',
  invalid: 'document.invalid-value',
};
