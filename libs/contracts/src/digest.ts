import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';

/** `sha256:` and 64 lower-case hex digits: the name of an immutable thing (invariant 2). */
export const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'a digest is "sha256:" and 64 lower-case hex digits')
  .meta({ id: 'Digest' });

export type Digest = z.infer<typeof digestSchema>;

/** The canonical bytes of a JSON value (RFC 8785): equal values have equal bytes whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('only JSON values have a canonical form');
  return text;
}

/** Are two JSON values the same, whatever the order of their keys? Fields without a value count as absent. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((value, index) => sameJson(value, other[index]));
  }
  const fields = other as Record<string, unknown>;
  let count = 0;
  for (const [key, value] of Object.entries(one)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(fields, key) || !sameJson(value, fields[key])) return false;
    count++;
  }
  return count === Object.values(fields).filter((value) => value !== undefined).length;
}

/** SHA-256 of text (as UTF-8) or bytes. */
export function digestOfBytes(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** SHA-256 of the canonical form of a JSON value. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(canonicalJson(value));
}
