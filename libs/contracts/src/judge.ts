import type { z } from 'zod';
import type { ProblemFinding } from './problem.js';
import type { Kind, ResourceInput } from './resource.js';

/** A valid value; or everything that is wrong with it. Warnings of a valid document go beside it. */
export type Judgement<Value> =
  | { readonly value: Value; readonly warnings: readonly ProblemFinding[] }
  | { readonly findings: readonly ProblemFinding[] };

/** Recursive schemas use the stack: a document nested deeper than any real one is refused before they see it. */
const DEEPEST = 450;

/** Validates a document and finds everything at once. Never throws for JSON values. */
export function judgeDocument<Value>(schema: z.ZodType<Value>, value: unknown): Judgement<Value> {
  if (isDeeperThan(value, DEEPEST)) return { findings: [tooDeep] };
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, warnings: [] };
  return { findings: result.error.issues.flatMap((issue) => findingsOf(issue, [])) };
}

/** Validates what a client wrote of a kind: the schema, and what the kind itself has to say of the specification. */
export function judgeInput<Spec, Status>(kind: Kind<Spec, Status>, value: unknown): Judgement<ResourceInput<Spec>> {
  if (!kind.judgeSpec) return judgeDocument(kind.input, value);
  if (isDeeperThan(value, DEEPEST)) return { findings: [tooDeep] };
  const spec = (value as { spec?: unknown } | null)?.spec;
  const all = spec === undefined ? [] : kind.judgeSpec(spec);
  const judged = all.filter(({ severity }) => severity !== 'warning');
  const warnings = all.filter(({ severity }) => severity === 'warning');
  // Who judges a specification finds at least what its schema would: it is read once, and stays the object that was judged.
  const schema = spec !== undefined && judged.length === 0 ? (kind.envelope as typeof kind.input) : kind.input;
  const parsed = schema.safeParse(value);
  if (parsed.success && judged.length === 0) return { value: parsed.data, warnings };
  // The kind's own words for its specification, the schema's for everything around it.
  const found = parsed.success ? [] : parsed.error.issues.flatMap((issue) => findingsOf(issue, []));
  const around = found.filter(({ path }) => judged.length === 0 || !path.startsWith('/spec/'));
  return { findings: [...around, ...judged] };
}

const tooDeep: ProblemFinding = {
  path: '',
  code: 'document.too-deep',
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

function findingsOf(issue: z.core.$ZodIssue, prefix: PropertyKey[]): ProblemFinding[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: jsonPointer([...path, key]),
      code: 'document.unknown-field',
      message: `"${key}" is not a field here`,
      fix: 'Remove it, or correct its spelling',
    }));
  }
  // Of a union, the branch that got furthest says most.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const depth = (issues: z.core.$ZodIssue[]) =>
      Math.max(0, ...issues.map((one) => one.path.length + (one.code === 'unrecognized_keys' ? 0.5 : 0)));
    const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    if (best && best.length > 0) return best.flatMap((inner) => findingsOf(inner, path));
  }
  // A schema of ours that refuses by a rule of its own has a code of its own.
  const own: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  if (typeof own === 'string') return [{ path: jsonPointer(path), code: own, message: issue.message }];
  const code =
    issue.code === 'invalid_type'
      ? 'document.wrong-type'
      : issue.code === 'invalid_value'
        ? 'document.wrong-value'
        : 'document.invalid-value';
  return [{ path: jsonPointer(path), code, message: issue.message }];
}
