import type { z } from 'zod';

/**
 * Parses a message of a party that may be newer than this one: fields that this version does not know are dropped,
 * everything else must fit. Within a version only optional fields are added, so dropping is safe; `strictBelow` names
 * parts where it is not, because ignoring a field could change what is done.
 *
 * @param strictBelow paths into the value; `*` stands for any one key
 * @throws ZodError when something other than unknown fields is wrong
 */
export function parseTolerant<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  strictBelow: readonly (readonly PropertyKey[])[] = [],
): Value {
  let candidate = value;
  // Each round removes at least one unknown field, and a document has finitely many.
  for (;;) {
    const result = schema.safeParse(candidate);
    if (result.success) return result.data;
    const unknown = result.error.issues.filter(
      (issue) => issue.code === 'unrecognized_keys' && !strictBelow.some((part) => isBelow(issue.path, part)),
    );
    if (unknown.length !== result.error.issues.length) throw result.error;
    candidate = structuredClone(candidate);
    for (const issue of unknown) {
      if (issue.code !== 'unrecognized_keys') continue;
      let place: unknown = candidate;
      for (const part of issue.path) place = (place as Record<PropertyKey, unknown>)[part];
      for (const key of issue.keys) delete (place as Record<string, unknown>)[key];
    }
  }
}

function isBelow(path: readonly PropertyKey[], part: readonly PropertyKey[]): boolean {
  return part.every((key, index) => index < path.length && (key === '*' || path[index] === key));
}
