/** The ETag of a body: it is its digest for ever. */
export function bodyTag(digest: string): string {
  return `"${digest}"`;
}

/** What every answer with a body says beside the bytes. */
export function bodyHeaders(digest: string): Record<string, string> {
  return { ETag: bodyTag(digest), 'Cache-Control': 'private, max-age=31536000, immutable' };
}
