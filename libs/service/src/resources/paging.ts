import { MusterError } from '@muster/platform/errors.js';
import { z } from 'zod';

/** Of a listing that goes on: how many entries, and where the page before ended. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Entries per page, default 100'),
  continue: z.string().max(400).optional().describe('From metadata.continue of the page before'),
});

type Position<Shape extends readonly ('number' | 'string')[]> = {
  [Index in keyof Shape]: Shape[Index] extends 'number' ? number : string;
};

/** Where a page ended, as a token that says nothing to clients. */
export function encodePosition(position: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * The position that a token means; empty without one.
 *
 * @throws MusterError `request.bad-continue`
 */
export function decodePosition<const Shape extends readonly ('number' | 'string')[]>(
  token: string | undefined,
  shape: Shape,
): Partial<Position<Shape>> | [] {
  if (token === undefined) return [];
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    position = undefined;
  }
  const fits =
    Array.isArray(position) &&
    position.length === shape.length &&
    shape.every((type, index) =>
      type === 'number'
        ? Number.isInteger(position[index]) && Math.abs(position[index] as number) < 2 ** 31
        : typeof position[index] === 'string' && !(position[index] as string).includes('\0'),
    );
  if (fits) return position as unknown as Partial<Position<Shape>>;
  throw new MusterError(
    'invalid',
    'request.bad-continue',
    'The continue token is not one that this service gave. Start the listing again without it',
  );
}

/** `page_size` of gRPC. Throws MusterError `request.page-size`. */
export function pageSize(pageSize: number | undefined, most = 500): number {
  const limit = pageSize ?? 100;
  if (limit >= 1 && limit <= most) return limit;
  throw new MusterError('invalid', 'request.page-size', `page_size must be from 1 to ${most}`);
}
