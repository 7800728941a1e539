import { CATEGORIES, type Category, type Problem, type ProblemFinding } from '@muster/contracts/problem.js';
import type { Kind, ResourceInput } from '@muster/contracts/resource.js';
import type { z } from 'zod';

/**
 * A failure that a caller is told about: one of six categories, a stable code (docs/errors.md), and one sentence that
 * says what is wrong, where, and what would be right. `cause` is for the log only.
 */
export class MusterError extends Error {
  override name = 'MusterError';
  readonly findings: readonly ProblemFinding[] | undefined;
  readonly current: unknown;

  constructor(
    readonly category: Category,
    readonly code: string,
    message: string,
    extra: { cause?: unknown; findings?: readonly ProblemFinding[]; current?: unknown } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.findings = extra.findings;
    this.current = extra.current;
  }
}

/** The RFC 9457 document of a failure. Anything that is not a MusterError is a bug and says nothing of its inside. */
export function toProblem(error: unknown, instance?: string): Problem {
  const known = error instanceof MusterError ? error : undefined;
  const category = known?.category ?? 'bug';
  return {
    type: 'about:blank',
    title: known ? titleOf(category) : 'Internal error',
    status: CATEGORIES[category].status,
    code: known?.code ?? 'internal.bug',
    detail: known?.message ?? 'An unexpected error happened here. The log has it under this request id.',
    ...(instance ? { instance } : {}),
    ...(known?.findings ? { findings: [...known.findings] } : {}),
    ...(known?.current === undefined ? {} : { current: known.current }),
  };
}

function titleOf(category: Category): string {
  const words = category.replace('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** JSON pointer (RFC 6901) of a path into a document. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Recursive schemas use the stack: a document nested deeper than any real one is refused before they see it. */
const DEEPEST = 450;

/** Validates a document and reports every finding at once. */
export function parseDocument<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  if (isDeeperThan(value, DEEPEST)) tooDeep(what);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidDocument(
    what,
    result.error.issues.flatMap((issue) => findingsOf(issue, [])),
  );
}

/** Validates what a client wrote of a kind: the schema, and what the kind itself has to say of the specification. */
export function parseInput<Spec, Status>(kind: Kind<Spec, Status>, value: unknown, what: string): ResourceInput<Spec> {
  if (!kind.judgeSpec) return parseDocument(kind.input, value, what);
  if (isDeeperThan(value, DEEPEST)) tooDeep(what);
  const parsed = kind.input.safeParse(value);
  const spec = (value as { spec?: unknown } | null)?.spec;
  const judged = spec === undefined ? [] : kind.judgeSpec(spec).filter(({ severity }) => severity !== 'warning');
  if (parsed.success && judged.length === 0) return parsed.data;
  // The kind's own words for its specification, the schema's for everything around it.
  const found = parsed.success ? [] : parsed.error.issues.flatMap((issue) => findingsOf(issue, []));
  const around = found.filter(({ path }) => judged.length === 0 || !path.startsWith('/spec/'));
  throw invalidDocument(what, [...around, ...judged]);
}

function tooDeep(what: string): never {
  throw new MusterError(
    'invalid',
    'document.too-deep',
    `${what} is nested more than ${DEEPEST} levels deep. Use fewer levels`,
  );
}

function invalidDocument(what: string, findings: readonly ProblemFinding[]): MusterError {
  const first = findings[0];
  return new MusterError(
    'invalid',
    'document.invalid',
    `${what} is not valid: ${first?.path || '/'}: ${first?.message ?? 'invalid'}${findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''}`,
    { findings },
  );
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
  const code =
    issue.code === 'invalid_type'
      ? 'document.wrong-type'
      : issue.code === 'invalid_value'
        ? 'document.wrong-value'
        : 'document.invalid-value';
  return [{ path: jsonPointer(path), code, message: issue.message }];
}
