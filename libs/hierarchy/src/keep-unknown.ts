/**
 * What a site of an older release writes of a document that a newer one made: its own words, and the fields that it did not
 * understand as they were. Only in objects that are there before and after; what it took away stays away.
 *
 * @param previous the document as it was replicated
 * @param understood what this release made of it
 * @param next what this release wants to say now
 */
export function keepUnknown(previous: unknown, understood: unknown, next: unknown): unknown {
  if (!isObject(previous) || !isObject(understood) || !isObject(next)) return next;
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(next)) {
    kept[name] = Object.hasOwn(previous, name) ? keepUnknown(previous[name], understood[name], value) : value;
  }
  for (const [name, value] of Object.entries(previous)) {
    if (!Object.hasOwn(understood, name) && !Object.hasOwn(next, name)) kept[name] = value;
  }
  return kept;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
