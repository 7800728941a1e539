import { judgeDocument, judgeInput, type Judgement } from '@muster/contracts/judge.js';
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
  readonly conflict: unknown;

  constructor(
    readonly category: Category,
    readonly code: string,
    message: string,
    extra: { cause?: unknown; findings?: readonly ProblemFinding[]; current?: unknown; conflict?: unknown } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.findings = extra.findings;
    this.current = extra.current;
    this.conflict = extra.conflict;
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
    ...(known?.conflict === undefined ? {} : { conflict: known.conflict }),
  };
}

function titleOf(category: Category): string {
  const words = category.replace('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Validates a document and reports every finding at once. */
export function parseDocument<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  return valueOf(judgeDocument(schema, value), what);
}

/** Validates what a client wrote of a kind: the schema, and what the kind itself has to say of the specification. */
export function parseInput<Spec, Status>(kind: Kind<Spec, Status>, value: unknown, what: string): ResourceInput<Spec> {
  return valueOf(judgeInput(kind, value), what);
}

function valueOf<Value>(judgement: Judgement<Value>, what: string): Value {
  if ('value' in judgement) return judgement.value;
  const { findings } = judgement;
  const [first] = findings;
  if (first?.code === 'document.too-deep')
    throw new MusterError('invalid', 'document.too-deep', `${what} is ${first.message}. ${first.fix}`);
  throw new MusterError(
    'invalid',
    'document.invalid',
    `${what} is not valid: ${first?.path || '/'}: ${first?.message ?? 'invalid'}${findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''}`,
    { findings },
  );
}
