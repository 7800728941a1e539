import { z } from 'zod';

/** Bounds of the protocol, both directions. Whatever a script does, one step holds no more than these. */
export const PROTOCOL_LIMITS = {
  /** One request or answer with its end of line, in bytes of UTF-8. */
  lineBytes: 64 * 1024,
  /** Connections of one step at a time. */
  connections: 64,
  /** Characters of a progress message that are kept. */
  messageCharacters: 500,
} as const;

const name = z.string().trim().min(1).max(1000);
const count = z.int().min(0).max(1_000_000);

/** Every operation and its fields. A field that is not here is an error: a mistyped `secret` must not be a plain value. */
const OPERATIONS = {
  get: z.strictObject({ op: z.literal('get'), name }),
  set: z.strictObject({ op: z.literal('set'), name, value: z.string(), secret: z.boolean().optional() }),
  unset: z.strictObject({ op: z.literal('unset'), name }),
  list: z.strictObject({ op: z.literal('list'), secrets: z.boolean().optional(), after: name.optional() }),
  expand: z.strictObject({
    op: z.literal('expand'),
    text: z.string(),
    whenUndefined: z.enum(['literal', 'empty']).optional(),
  }),
  progress: z
    .strictObject({ op: z.literal('progress'), message: z.string(), step: count.optional(), of: count.optional() })
    .refine(({ step, of }) => step === undefined || of === undefined || step <= of, {
      message: 'step is greater than of',
      path: ['step'],
    }),
  'request-reboot': z.strictObject({ op: z.literal('request-reboot'), target: z.enum(['os', 'pe']) }),
  'request-retry': z.strictObject({ op: z.literal('request-retry') }),
} as const;

/** A request that was understood. */
export type TsenvRequest = z.infer<(typeof OPERATIONS)[keyof typeof OPERATIONS]>;

/** One variable in the answer to `list`. */
export interface ListedVariable {
  readonly name: string;
  readonly value: string;
  readonly secret?: true | undefined;
}

/** One line of answer: `ok` and the fields of the operation, or a stable code and a sentence. */
export type TsenvAnswer =
  | ({ readonly ok: true } & Readonly<Record<string, unknown>>)
  | { readonly ok: false; readonly code: string; readonly message: string };

/** A request that cannot be answered; the connection goes on. */
export class TsenvError extends Error {
  override readonly name = 'TsenvError';

  constructor(
    readonly code: 'tsenv.invalid-json' | 'tsenv.invalid-request' | 'tsenv.unknown-operation',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads one line.
 * @throws TsenvError `tsenv.invalid-json`, `tsenv.unknown-operation`, `tsenv.invalid-request`
 */
export function parseRequest(line: Uint8Array): TsenvRequest {
  const raw = parseJson(line);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new TsenvError('tsenv.invalid-json', 'a request is a JSON object on one line, such as {"op":"list"}');
  const op = (raw as { op?: unknown }).op;
  if (typeof op !== 'string' || !isOperation(op)) {
    const known = Object.keys(OPERATIONS).join(', ');
    const said = typeof op === 'string' ? `there is no operation "${op.slice(0, 80)}"` : '"op" is missing';
    throw new TsenvError('tsenv.unknown-operation', `${said}; there are ${known}`);
  }
  const parsed = OPERATIONS[op].safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` "${issue.path.join('/')}"` : '';
  throw new TsenvError('tsenv.invalid-request', `${op}${where}: ${(issue?.message ?? 'not valid').slice(0, 300)}`);
}

/** An answer as a line. A sentence that quotes a script is cut, an answer that is longer than a line is an error. */
export function toLine(answer: TsenvAnswer): string {
  const line = `${JSON.stringify(answer.ok ? answer : { ...answer, message: answer.message.slice(0, 1000) })}\n`;
  if (Buffer.byteLength(line) <= PROTOCOL_LIMITS.lineBytes) return line;
  const message = `the answer would be longer than ${PROTOCOL_LIMITS.lineBytes} bytes`;
  return toLine({ ok: false, code: 'tsenv.answer-too-long', message });
}

function isOperation(op: string): op is keyof typeof OPERATIONS {
  return Object.hasOwn(OPERATIONS, op);
}

function parseJson(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    throw new TsenvError('tsenv.invalid-json', 'the line is not JSON in UTF-8');
  }
}
