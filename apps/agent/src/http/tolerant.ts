import type { z } from 'zod';

/**
 * Parses a document of a site that may be newer than this agent: fields that this version does not know are dropped,
 * everything else must fit. `strictBelow` names a part where an unknown field is an error all the same, because
 * ignoring it could change what is done.
 * @throws ZodError
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
