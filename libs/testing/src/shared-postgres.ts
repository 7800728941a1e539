import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFolders, siteLayout } from '@muster/localsite/layout.js';
import { preparePostgres } from '@muster/localsite/postgres.js';
import { postgresPrograms } from '@muster/localsite/postgres-programs.js';

const run = promisify(execFile);

/**
 * What differs from the server of a site: nothing waits for the disk. What a killed server has written is in the files all the same; only
 * a computer without power would lose it, and no test takes that away.
 */
const settings = 'fsync = off\n';

/**
 * Gives a new data folder the files of an empty database server and its administrator's password, as a first start makes them. They
 * are made once per run of the tests, in the folder that all its workers share, and copied: a copy takes a tenth of the time.
 *
 * @param dataFolder of a site that has not started yet
 */
export async function placePostgres(dataFolder: string): Promise<void> {
  const shared = process.env['MUSTER_TEST_SHARED_FOLDER'];
  if (shared === undefined) return;
  const made = join(shared, 'postgres');
  if (!existsSync(made)) await makeOnce(shared, made);
  const layout = siteLayout(dataFolder);
  createFolders(layout);
  const from = siteLayout(made);
  // Owner and mode as they are: the server refuses files of somebody else.
  await run('cp', ['-a', '--reflink=auto', `${from.postgres}/.`, layout.postgres]);
  await run('cp', ['-a', join(from.keys, 'postgres-admin'), layout.keys]);
}

/** Another worker may do the same at the same time: whoever is first has made it, and what is cut off is never found. */
async function makeOnce(shared: string, made: string): Promise<void> {
  const work = await mkdtemp(join(shared, 'new-'));
  const layout = siteLayout(work);
  createFolders(layout);
  await preparePostgres(layout, await postgresPrograms(), 1);
  await appendFile(join(layout.postgres, 'data', 'postgresql.auto.conf'), settings);
  try {
    await rename(work, made);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
}
