import type { ApiClient, ApiRequest } from './api-client.js';

/** Every entry of a listing, page by page as it is consumed. */
export async function* pages<Item>(
  client: ApiClient,
  path: string,
  query: Readonly<Record<string, string>>,
  how: Pick<ApiRequest, 'timeoutSeconds'> = {},
): AsyncGenerator<Item> {
  let next: string | undefined;
  do {
    const page: { metadata: { continue?: string }; items: Item[] } = await client.json('GET', path, {
      ...how,
      query: { ...query, continue: next },
    });
    yield* page.items;
    next = page.metadata.continue;
  } while (next !== undefined);
}
