/**
 * Text that Postgres can keep: a NUL and a lone surrogate are replaced by U+FFFD. Output of a command on some computer
 * may hold either, and must not be refused for ever because of it.
 */
export function storableText(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\uFFFD'), 'utf8').toString('utf8');
}

/** The same for every text in a flat document. */
export function storable<Document extends object>(document: Document): Document {
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [name, typeof value === 'string' ? storableText(value) : value]),
  ) as Document;
}
