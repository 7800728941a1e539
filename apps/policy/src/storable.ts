/**
 * Text that Postgres can keep: a NUL and a lone surrogate are replaced by U+FFFD. Output of a command on some computer
 * may hold either, and must not be refused for ever because of it.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** The same for every text in a document. */
export function storable<Document extends object>(document: Document): Document {
  return mended(document) as Document;
}

function mended(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(mended);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mended(part)]));
}
