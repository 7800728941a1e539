import { z } from 'zod';

/** One thing that is wrong with a document: where it is, what it is, and what would be right. */
export const findingSchema = z
  .strictObject({
    path: z.string().describe('JSON pointer into the document'),
    code: z.string(),
    message: z.string(),
    severity: z.enum(['error', 'warning']).optional(),
    fix: z.string().optional(),
  })
  .meta({ id: 'Finding' });

/** RFC 9457 problem details with a stable `code` (docs/errors.md lists them all). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    findings: z.array(findingSchema).optional(),
    current: z.unknown().optional().describe('On a version conflict: the object as it is now'),
    conflict: z.unknown().optional().describe('On a version conflict: what is different, where the kind can say'),
  })
  .meta({ id: 'Problem' });

export type ProblemFinding = z.infer<typeof findingSchema>;
export type Problem = z.infer<typeof problemSchema>;

/** The six categories of failure and what they are over HTTP and gRPC. */
export const CATEGORIES = {
  invalid: { status: 400, grpc: 3 },
  unauthenticated: { status: 401, grpc: 16 },
  forbidden: { status: 403, grpc: 7 },
  'not-found': { status: 404, grpc: 5 },
  conflict: { status: 409, grpc: 10 },
  'too-large': { status: 413, grpc: 8 },
  unavailable: { status: 503, grpc: 14 },
  bug: { status: 500, grpc: 13 },
} as const;

export type Category = keyof typeof CATEGORIES;
