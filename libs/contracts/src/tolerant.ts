import type { z } from 'zod';

/**
 * Parses a message of a party that may be newer than this one: fields that this version does not know are dropped,
 * everything else must fit. Within a version only optional fields are added, so dropping is safe; `strictBelow` names
 * a part where it is not, because ignoring a field could change what is done.
 *
 * @throws ZodError when something other than unknown fields is wrong
 */
export function parseTolerant<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  strictBelow: readonly PropertyKey[] = [],
): Value {
  let candidate = value;
  // Each round removes at least one unknown field, and a document has finitely many.
  for (;;) {
    const result = schema.safeParse(candidate);
    if (result.success) return result.data;
    const unknown = result.error.issues.filter(
      (issue) => issue.code === 'unrecognized_keys' && !startsWith(issue.path, strictBelow),
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

function startsWith(path: readonly PropertyKey[], beginning: readonly PropertyKey[]): boolean {
  return beginning.length > 0 && beginning.every((part, index) => path[index] === part);
}
