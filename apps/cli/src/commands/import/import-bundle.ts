import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectKey } from '../../bundle/bundle-model.js';
import { contentFolder } from '../../bundle/content-folder.js';
import { importBundle, previewBundle } from '../../bundle/import-bundle.js';
import { type BundleWishes, missingSecrets, type PlannedObject } from '../../bundle/plan-bundle.js';
import { looksLikeBundle, readBundle } from '../../bundle/read-bundle.js';
import { CliError, reasonOf, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { findingLine } from '../../errors/print-error.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import { safeText } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { kindOf } from '../arguments.js';
import { looksLikeZip } from './import-zip.js';

/** Options of `muster import` for archives of `muster export`. */
export interface BundleOptions {
  readonly dryRun?: boolean;
  readonly overwrite?: string[];
  readonly overwriteAll?: boolean;
  readonly secret?: string[];
  readonly withoutSecrets?: boolean;
  readonly output: 'table' | 'json';
}

/** No larger archive is looked at. */
const largestArchive = 256 * 1024 * 1024;

/** An archive of `muster export`. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** The archive of `muster export` that these paths name. Undefined: they name other files. */
export function bundleAmong(paths: readonly string[]): BundleFile | undefined {
  for (const path of paths) {
    const bytes = archiveAt(path);
    if (!bytes || !looksLikeBundle(bytes)) continue;
    if (paths.length === 1) return { path, bytes };
    const message = `${path} is an archive of muster export: import it by itself`;
    throw new CliError('cli.usage', message, EXIT_CODES.usage);
  }
  return undefined;
}

function archiveAt(path: string): Buffer | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > largestArchive) return undefined;
    const bytes = readFileSync(path);
    return looksLikeZip(bytes) ? bytes : undefined;
  } catch {
    // The import of files says why.
    return undefined;
  }
}

/** `muster import ARCHIVE.zip`: preview, then all of it. */
export async function runBundleImport(
  { path, bytes }: BundleFile,
  options: BundleOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const bundle = readBundle(bytes);
  const given = wishesOf(options, terminal);
  const dryRun = options.dryRun ?? false;
  const content = { folder: contentFolder(path), onProgress: progressLine(terminal) };
  await withClient(
    command,
    terminal,
    async (client) => {
      const first = await previewBundle(client, bundle, given);
      const wishes = dryRun ? given : await askSecrets(given, missingSecrets(first), terminal);
      const preview = wishes === given ? first : await previewBundle(client, bundle, wishes);
      const done = dryRun ? preview : await importBundle(client, bundle, wishes, preview, content);
      const { site, comment, missing } = bundle.manifest;
      if (options.output === 'json') {
        const objects = done.map(({ kind, name, outcome, secrets, suspended, findings }) => {
          return { kind, name, outcome, secrets, suspended, findings };
        });
        terminal.out(JSON.stringify({ dryRun, site, comment, objects, missing }));
      } else {
        terminal.out(safeText(`from site ${site}${comment === undefined ? '' : `: ${comment}`}`));
        for (const line of reportLines(done, dryRun)) terminal.out(line);
      }
      const refused = missingSecrets(done).length > 0 || done.some(({ findings }) => findings.length > 0);
      if (dryRun && refused) throw new SilentExit(EXIT_CODES.failed);
    },
    { patienceSeconds: 30 },
  );
}

/** Asks whoever sits there for what is missing; nothing typed is nothing given. */
async function askSecrets(wishes: BundleWishes, missing: readonly string[], terminal: Terminal): Promise<BundleWishes> {
  if (missing.length === 0 || terminal.askSecret === undefined) return wishes;
  const secrets = new Map(wishes.secrets);
  for (const place of missing) {
    const answer = await terminal.askSecret(safeText(`secret for ${place}: `));
    if (answer !== '') secrets.set(place, answer);
  }
  return { ...wishes, secrets };
}

function reportLines(objects: readonly PlannedObject[], dryRun: boolean): string[] {
  const rows = objects.map(({ kind, name, outcome, suspended }) => [
    objectName(kind, name),
    outcome,
    suspended ? 'suspended: secrets are missing' : '',
  ]);
  return [
    ...formatTable(['OBJECT', dryRun ? 'WOULD BE' : 'WAS', 'NOTES'], rows),
    ...objects.flatMap(({ name, secrets }) =>
      secrets.map(({ path, state }) => safeText(`secret ${state}: ${name}${path}`)),
    ),
    ...objects.flatMap(({ kind, name, findings }) =>
      findings.map((finding) => `${objectName(kind, name)}: ${findingLine(finding)}`),
    ),
  ];
}

function wishesOf(options: BundleOptions, { environment }: Terminal): BundleWishes {
  const overwrite = (options.overwrite ?? []).map((word) => {
    const slash = word.indexOf('/');
    const kind = slash < 0 ? 'TaskSequence' : kindOf(word.slice(0, slash)).kind;
    return objectKey({ kind, name: word.slice(slash + 1) });
  });
  return {
    overwrite: options.overwriteAll ? 'all' : new Set(overwrite),
    secrets: new Map((options.secret ?? []).map((written) => secretOf(written, environment))),
    withoutSecrets: options.withoutSecrets ?? false,
  };
}

/** `PLACE=@FILE` or `PLACE=$NAME`: never the secret itself, which everybody on this computer could read in the list of processes. */
function secretOf(written: string, environment: Terminal['environment']): [string, string] {
  const [, place = '', source = ''] = /^([^=]+)=(.+)$/.exec(written) ?? [];
  if (source.startsWith('@')) {
    const file = source.slice(1);
    try {
      return [place, readFileSync(file, 'utf8').replace(/\r?\n$/, '')];
    } catch (error) {
      const message = `--secret: cannot read ${file}: ${reasonOf(error)}`;
      throw new CliError('bundle.secret-not-readable', message, EXIT_CODES.usage);
    }
  }
  const name = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(source)?.[1];
  if (place === '' || name === undefined) {
    const message = "--secret: write PLACE=@FILE, or 'PLACE=$NAME' for a variable of the environment";
    throw new CliError('cli.usage', message, EXIT_CODES.usage);
  }
  const value = environment[name];
  if (value !== undefined) return [place, value];
  throw new CliError('bundle.secret-not-readable', `--secret: the environment has no ${name}`, EXIT_CODES.usage);
}
