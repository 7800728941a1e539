import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { SequenceOrigin } from '@muster/interchange/source/find-sequences.js';
import { withClient } from '../../api/open-client.js';
import { collectParts } from '../../bundle/collect-parts.js';
import { contentFolder } from '../../bundle/content-folder.js';
import { type BundleParts, makeBundle } from '../../bundle/make-bundle.js';
import { readBundle } from '../../bundle/read-bundle.js';
import { CliError, reasonOf, systemCode } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { byteSize } from '../../output/age.js';
import { objectName } from '../../output/formats.js';
import { progressLine } from '../../output/progress-line.js';
import type { Terminal } from '../../terminal.js';
import { collect, listOutputOption, sequenceName } from '../arguments.js';
import { exportXml, xmlHelp, type XmlExportOptions } from './export-xml.js';

const help = `
--format bundle (default): one zip with the sequences, the child sequences they call, and the packages, images, drivers and applications that they, and
applications, refer to. Never a secret: each password, PIN and
product key is taken out and listed, and "muster import" asks for it. The same objects give the same bytes. Deployments, collections
and devices stay. docs/exchange.md describes the archive.

Examples:
  muster export harden-debian
  muster export harden-debian base-image --out team.zip --comment 'for the new site, CHG-7'
  muster export harden-debian --content
  muster export harden-debian --no-dependencies -o json
  muster --context berlin import harden-debian.zip --dry-run

--format configmgr|mdt:${xmlHelp}`;

/** Which options belong to which formats; those of the others are refused. */
const BUNDLE_OPTIONS = ['dependencies', 'content', 'comment', 'force'] as const;
const XML_OPTIONS = ['file', 'bind', 'strict'] as const;

interface BundleOptions {
  readonly out?: string;
  readonly dependencies: boolean;
  readonly content?: boolean;
  readonly comment?: string;
  readonly force?: boolean;
  readonly output: 'table' | 'json';
}

type ExportOptions = BundleOptions & Omit<XmlExportOptions, 'format'> & { readonly format: 'bundle' | SequenceOrigin };

/** `muster export SEQUENCE…`. */
export function registerExport(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .description('write task sequences for another site, for Configuration Manager or for MDT')
    .argument('[sequences...]', 'names of task sequences')
    .addOption(new Option('--format <format>', 'for whom').choices(['bundle', 'configmgr', 'mdt']).default('bundle'))
    .option('--out <file>', 'where to; default for bundles SEQUENCE.zip')
    .option('--no-dependencies', 'bundle: only the named sequences, nothing they refer to')
    .option(
      '--content',
      'bundle: also the files of packages, images and drivers, in the folder NAME_files beside the archive',
    )
    .option('--comment <text>', 'bundle: shown by the import')
    .option('--force', 'bundle: replace a file that is there with another content')
    .option('-f, --file <file>', 'XML: documents in a file instead of the site; repeat it for more', collect)
    .option('--bind <name=id>', 'XML: what something of this site is called there; repeat it for more', collect)
    .option('--strict', 'XML: write nothing when anything would be left out')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (names: string[], options: ExportOptions, command: Command) => {
      const { format } = options;
      refuseOptions(command, format, format === 'bundle' ? XML_OPTIONS : BUNDLE_OPTIONS);
      if (format === 'bundle') return exportBundle(names, options, command, terminal);
      return exportXml(names, { ...options, format }, command, terminal);
    });
}

function refuseOptions(command: Command, format: string, foreign: readonly string[]): void {
  const given = foreign.filter((name) => command.getOptionValueSource(name) === 'cli');
  if (given.length === 0) return;
  throw new CliError('cli.usage', `--format ${format} has no use for the option ${given.join(', ')}`, EXIT_CODES.usage);
}

async function exportBundle(
  words: readonly string[],
  options: BundleOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  if (words.length === 0) throw new CliError('cli.usage', 'name the task sequences to export', EXIT_CODES.usage);
  const names = [...new Set(words.map(sequenceName))];
  const file = fileOf(names, options.out);
  const parts = await withClient(command, terminal, (client) =>
    collectParts(
      client,
      { names, dependencies: options.dependencies, content: options.content ?? false, comment: options.comment },
      { folder: contentFolder(file), onProgress: progressLine(terminal) },
    ),
  );
  const bytes = makeBundle(parts);
  checkReadable(bytes);
  const outcome = keep(file, bytes, options.force ?? false);
  if (options.output === 'json') terminal.out(JSON.stringify(summaryOf(parts, file, bytes.length)));
  else for (const line of linesOf(parts, `${file} ${outcome}: ${byteSize(bytes.length)}`)) terminal.out(line);
}

function fileOf(names: readonly string[], file: string | undefined): string {
  if (file === undefined && names.length > 1)
    throw new CliError('cli.usage', 'several sequences: name the archive with --out NAME.zip', EXIT_CODES.usage);
  const path = file ?? `${names[0]}.zip`;
  if (!/[^/\\]\.zip$/.test(path))
    throw new CliError('cli.usage', `--out "${path}": the name of an archive ends with .zip`, EXIT_CODES.usage);
  return path;
}

/** An archive that no import would read is not written. */
function checkReadable(bytes: Buffer): void {
  try {
    readBundle(bytes);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(
      'export.not-importable',
      `no import would read the archive: ${error.message}. Export fewer objects at once, or without content`,
      EXIT_CODES.failed,
      { findings: error.findings },
    );
  }
}

/** Whole or not at all; what is there with another content stays unless it shall be replaced. */
function keep(file: string, bytes: Buffer, force: boolean): 'written' | 'unchanged' {
  try {
    const before = readFileSync(file);
    if (before.equals(bytes)) return 'unchanged';
    if (!force)
      throw new CliError(
        'export.file-exists',
        `${file} is there already with another content: --force replaces it, or name another with --out`,
        EXIT_CODES.conflict,
      );
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (systemCode(error) !== 'ENOENT') throw notWritable(file, error);
  }
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, bytes, { flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw notWritable(file, error);
  }
  return 'written';
}

function notWritable(file: string, error: unknown): CliError {
  return new CliError('export.not-writable', `cannot write ${file}: ${reasonOf(error)}`, EXIT_CODES.failed);
}

function linesOf({ objects, missing }: BundleParts, last: string): string[] {
  return [
    ...objects.map(({ kind, name, files }) => `${objectName(kind, name)} exported${contentText(files)}`),
    ...objects.flatMap(({ name, secrets = [] }) => secrets.map((place) => `secret taken out: ${name}${place}`)),
    ...missing.map((key) => `not in the archive: ${key}`),
    last,
  ];
}

function contentText(files: BundleParts['objects'][number]['files']): string {
  if (!files) return '';
  return ` with ${files.length} files, ${byteSize(files.reduce((sum, { size }) => sum + size, 0))}`;
}

function summaryOf({ objects, missing }: BundleParts, file: string, bytes: number) {
  return {
    file,
    bytes,
    objects: objects.map(({ kind, name, secrets = [], files }) => ({ kind, name, secrets, files: files?.length })),
    missing,
  };
}
