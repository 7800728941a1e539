import { contentKey, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageSpec } from '@muster/contracts/kinds/package.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';
import type { Terminal } from '../terminal.js';
import { contentKind, parseUsed } from './content-name.js';
import { contentOfApplications, contentOfSequence, type NeededContent } from './needed-content.js';

/** Content that a command line means, and how its newest version is. */
export interface WantedContent {
  readonly content: ContentReference;
  /** Undefined: nothing was uploaded yet. */
  readonly newestVersion: number | undefined;
}

/**
 * The content of a command line, each once: by its names, by those of applications that need it, and all that a task sequence
 * refers to. What has no files is left out, and said so.
 *
 * @throws CliError `content.not-there` naming all that there is not
 */
export async function wantedContent(
  client: ApiClient,
  words: readonly string[],
  sequence: string | undefined,
  terminal: Terminal,
): Promise<WantedContent[]> {
  const named = [...(await contentOf(client, words, terminal)), ...(await ofSequence(client, sequence, terminal))];
  const wanted: WantedContent[] = [];
  const absent: string[] = [];
  for (const content of new Map(named.map((one) => [contentKey(one), one])).values()) {
    const what = objectName(content.kind, content.name);
    const found = await client.find(contentKind(content), content.name);
    if (!found) absent.push(what);
    else if ((found.spec as Partial<PackageSpec>).noFiles) terminal.error(`skipped ${what}: it has no files`);
    else wanted.push({ content, newestVersion: found.status.newestVersion });
  }
  if (absent.length === 0) return wanted;
  throw new CliError(
    'content.not-there',
    `there is no ${absent.join(', no ')}: apply it first, or correct the name`,
    EXIT_CODES.notFound,
  );
}

async function contentOf(
  client: ApiClient,
  words: readonly string[],
  terminal: Terminal,
): Promise<readonly ContentReference[]> {
  const named = words.map(parseUsed);
  const content = named.flatMap(({ kind, name }) => (kind === 'Application' ? [] : [{ kind, name }]));
  const applications = named.filter(({ kind }) => kind === 'Application').map(({ name }) => name);
  if (applications.length === 0) return content;
  const needed = await contentOfApplications(client, applications);
  const absent = applications.find((name) => needed.missing.includes(name));
  if (absent !== undefined)
    throw new CliError('content.not-there', `there is no application "${absent}"`, EXIT_CODES.notFound);
  if (needed.content.length === 0) terminal.error('the applications install from no package');
  return [...content, ...told(needed, terminal)];
}

async function ofSequence(
  client: ApiClient,
  sequence: string | undefined,
  terminal: Terminal,
): Promise<readonly ContentReference[]> {
  if (sequence === undefined) return [];
  const needed = await contentOfSequence(client, sequence);
  if (needed.content.length === 0) terminal.error(`task sequence "${sequence}" refers to no content`);
  return told(needed, terminal);
}

function told({ content, missing }: NeededContent, terminal: Terminal): readonly ContentReference[] {
  for (const name of missing) terminal.error(`skipped ${objectName('Application', name)}: there is none`);
  return content;
}
