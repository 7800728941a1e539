import type { Folder, FolderList, FolderMove, FolderMoved } from '@muster/contracts/kinds/folder.js';
import type { ApiClient } from './api-client.js';

const ADDRESS = '/api/v1/task-sequences/-/folders';

interface Wish {
  readonly dryRun: boolean;
}

/** All folders under one, page by page, in the order of their paths. */
export async function* listFolders(client: ApiClient, under: string): AsyncGenerator<Folder> {
  let next: string | undefined;
  do {
    const page: FolderList = await client.json('GET', ADDRESS, { query: { under, limit: '500', continue: next } });
    yield* page.items;
    next = page.metadata.continue;
  } while (next !== undefined);
}

/** Makes a folder and those around it. */
export async function createFolder(client: ApiClient, path: string, wish: Wish): Promise<Folder> {
  return client.json('POST', ADDRESS, { query: queryOf(wish), body: { path } });
}

/** Gives a folder, and all in it, another path. */
export async function moveFolder(client: ApiClient, move: FolderMove, wish: Wish): Promise<FolderMoved> {
  return client.json('POST', `${ADDRESS}/move`, { query: queryOf(wish), body: move });
}

/** Deletes an empty folder. */
export async function deleteFolder(client: ApiClient, path: string, wish: Wish): Promise<void> {
  await client.json<undefined>('DELETE', ADDRESS, { query: { ...queryOf(wish), path } });
}

function queryOf({ dryRun }: Wish): Record<string, string | undefined> {
  return { dryRun: dryRun ? 'true' : undefined };
}
