import { writeFileSync } from 'node:fs';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { importFiles, type ImportResult } from '@muster/interchange/import-files.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import { applyDocuments } from '../../apply/apply-documents.js';
import type { WrittenDocument } from '../../documents/read-documents.js';
import { CliError, reasonOf, SilentExit } from '../../errors/cli-error.js';
import { combineExitCodes, EXIT_CODES, type ExitCode } from '../../errors/exit-codes.js';
import { htmlPage, markdownPage } from '../../output/page.js';
import type { Terminal } from '../../terminal.js';
import { collect } from '../arguments.js';
import { bundleAmong, type BundleOptions, runBundleImport } from './import-bundle.js';
import { writeSequences } from './import-out.js';
import { missingContent } from './missing-content.js';
import { importPage } from './import-page.js';
import { importJson, importReport } from './import-report.js';
import { openSources } from './import-sources.js';

const help = `
Reads sequences of Microsoft Deployment Toolkit (ts.xml, templates, a zip of the Control folder) and of Configuration Manager (exported
zips, bare sequence XML). Each becomes a TaskSequence with the same groups, steps, calls and conditions. A step without a counterpart
keeps its type and its settings. Passwords and product keys are taken out and listed. docs/import.md says more.

Without --dry-run and --out the sequences are applied to the site, as "muster apply" does.
-o json prints the report as one JSON object, the last line; "dropped" in it counts nodes that did not get across: 0, or the import is wrong.

Exit codes:
  0    every file was imported. In a folder, files that are no sequences do not count
  1    some files were refused or are no sequences, or the site refused some of the sequences
  2    wrong usage
  3    no file could be imported
  4-7  as for "muster apply", when all failed alike
It never stops at the first bad file.

An archive of "muster export" is imported by itself: all of it or nothing, and again without harm. What is here already with other
content stays, unless --overwrite names it. docs/exchange.md says more.

Examples:
  muster import Control/ --dry-run
  muster import upgrade.zip --bind PS10005C=windows-11 --bind MEM000FB=hp-image-assistant
  muster import upgrade.zip --make-missing
  muster import *.zip --out sequences/ --report import.html
  muster import ts.xml --dry-run -o json | tail -1 | jq .unmapped
  muster import harden-debian.zip --dry-run                   an archive of muster export
  muster import harden-debian.zip --overwrite ts/harden-debian
  muster import join.zip --secret 'join/spec/steps/0/settings/password=@password.txt'`;

interface ImportCommandOptions extends BundleOptions {
  readonly out?: string;
  readonly bind?: string[];
  readonly makeMissing?: boolean;
  readonly report?: string;
}

/** `muster import FILE|DIR…`. */
export function registerImport(program: Command, terminal: Terminal): void {
  program
    .command('import')
    .description('import task sequences of MDT, of Configuration Manager, and of muster export')
    .argument('<paths...>', 'files (*.xml, *.zip) and folders')
    .option('--dry-run', 'read and report, change nothing')
    .option('--out <folder>', 'write the sequences as YAML files there, instead of applying them')
    .option(
      '--bind <id=name>',
      'what a package, application, image or sequence of the other site is called here',
      collect,
    )
    .option(
      '--make-missing',
      'first make, without content, the packages, images and drivers that the sequences need and this site does not have',
    )
    .option(
      '--overwrite <object>',
      'archive: replace this object where it differs, e.g. ts/harden or package/tool',
      collect,
    )
    .option('--overwrite-all', 'archive: replace every object that differs')
    .option(
      '--secret <place=source>',
      "archive: a secret it asks for, from @FILE or '$NAME' of the environment",
      collect,
    )
    .option('--without-secrets', 'archive: save sequences whose secrets are not given suspended (enabled: false)')
    .option('--report <file>', 'write the whole report as a page for people: .html or .md; an older one is replaced')
    .addOption(
      new Option('-o, --output <format>', 'how to show the report').choices(['table', 'json']).default('table'),
    )
    .addHelpText('after', help)
    .action(async (paths: string[], options: ImportCommandOptions, command: Command) => {
      const archive = bundleAmong(paths);
      checkOptions(options, archive !== undefined);
      if (archive) return runBundleImport(archive, options, command, terminal);
      const bind = bindings(options.bind ?? []);
      refuseReportName(options.report);
      const sources = [...openSources(paths)];
      const result = importFiles(sources, { bind });
      if (options.report !== undefined) writeReport(options.report, result);
      const named = new Set(sources.filter((source) => source.named).map(({ label }) => label));
      const lines = options.output === 'json' ? [] : importReport(result);
      for (const line of lines) terminal.out(line);
      const codes = await deliver(result, options, command, terminal);
      if (options.output === 'json') terminal.out(JSON.stringify(importJson(result)));
      const code = exitCodeOf(result, named, codes);
      if (code !== EXIT_CODES.ok) throw new SilentExit(code);
    });
}

/** An option that would do nothing is a mistake. */
function checkOptions(options: ImportCommandOptions, archive: boolean): void {
  const { out, bind, makeMissing, overwrite, overwriteAll, secret, withoutSecrets } = options;
  const wrong = Object.entries(
    archive
      ? { '--out': out, '--bind': bind, '--make-missing': makeMissing, '--report': options.report }
      : {
          '--overwrite': overwrite,
          '--overwrite-all': overwriteAll,
          '--secret': secret,
          '--without-secrets': withoutSecrets,
        },
  ).find(([, value]) => value !== undefined)?.[0];
  if (wrong === undefined) return;
  const message = `${wrong} is ${archive ? 'not ' : ''}for archives of muster export`;
  throw new CliError('cli.usage', message, EXIT_CODES.usage);
}

function bindings(written: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    written.map((one) => {
      const [, id = '', name = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
      if (id === '' || !nameSchema.safeParse(name).success)
        throw new CliError(
          'cli.usage',
          `--bind "${one}": write --bind ID=NAME, NAME being a name of this site`,
          EXIT_CODES.usage,
        );
      return [id, name];
    }),
  );
}

function refuseReportName(path: string | undefined): void {
  if (path === undefined || /\.(html|md)$/i.test(path)) return;
  throw new CliError('cli.usage', `--report ${path}: name a file that ends in .html or .md`, EXIT_CODES.usage);
}

/** Before anything is applied, so that it is there whatever happens then. */
function writeReport(path: string, result: ImportResult): void {
  const page = importPage(result);
  try {
    writeFileSync(path, /\.md$/i.test(path) ? markdownPage(page) : htmlPage(page));
  } catch (error) {
    throw new CliError('import.out-not-writable', `cannot write ${path}: ${reasonOf(error)}`, EXIT_CODES.failed);
  }
}

/** Writes, applies or leaves the sequences; the exit codes of those that failed. */
async function deliver(
  result: ImportResult,
  options: ImportCommandOptions,
  command: Command,
  terminal: Terminal,
): Promise<ExitCode[]> {
  const imported = result.files.flatMap(({ file, sequences }) => sequences.map((sequence) => ({ file, sequence })));
  // The report alone stands on standard output when a program reads it.
  const said: Terminal = options.output === 'json' ? { ...terminal, out: (line) => terminal.error(line) } : terminal;
  if (options.dryRun || imported.length === 0) return [];
  if (options.out !== undefined) return writeSequences(options.out, imported, said);
  const documents = imported.map(({ file, sequence }): WrittenDocument => {
    const place = sequence.member === undefined ? file : `${file}: ${sequence.member}`;
    return { kind: taskSequence, input: sequence.document, place, placeOf: () => place };
  });
  return withClient(command, terminal, async (client) => {
    const specs = imported.map(({ sequence }) => sequence.document.spec);
    const missing = options.makeMissing ? await missingContent(client, specs) : [];
    return applyDocuments(client, [...missing, ...documents], said, false);
  });
}

function exitCodeOf({ files }: ImportResult, named: ReadonlySet<string>, failures: readonly ExitCode[]): ExitCode {
  const bad = files.filter(
    ({ file, outcome }) => outcome === 'refused' || (outcome === 'not-a-sequence' && named.has(file)),
  );
  const sequences = files.reduce((sum, file) => sum + file.sequences.length, 0);
  if (bad.length > 0) return sequences > 0 ? EXIT_CODES.failed : EXIT_CODES.invalidDocument;
  if (sequences === 0) return EXIT_CODES.invalidDocument;
  return failures.length < sequences && failures.length > 0 ? EXIT_CODES.failed : combineExitCodes(failures);
}
