import { readFileSync, writeFileSync } from 'node:fs';
import { judgeInput } from '@muster/contracts/judge.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { archiveOf } from '@muster/interchange/export/export-object.js';
import {
  type ExportedDocument,
  type ExportedSequence,
  exportSequence,
} from '@muster/interchange/export/export-sequence.js';
import type { SequenceOrigin } from '@muster/interchange/source/find-sequences.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { readDocuments } from '../../documents/read-documents.js';
import { CliError, reasonOf, SilentExit, systemCode } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { findingLine } from '../../errors/print-error.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { sequenceName } from '../arguments.js';
import { writeZip } from '../../bundle/write-zip.js';

/** For `muster export --help`. */
export const xmlHelp = `
Writes task sequences as XML of Configuration Manager, or of Microsoft Deployment Toolkit (MDT) when they were imported from there: groups,
steps and conditions of an imported sequence are those of its original, what was changed since is written anew. Every step is read
back and compared; what has no counterpart there is said, never dropped in silence. Passwords and product keys are never written; they are listed.

  --out FILE.xml   one sequence, bare; without --out the same on standard output
  --out FILE.zip   one or several, as the console exports them: SMS_TaskSequencePackage/ID/object.xml (MDT: Control/NAME/ts.xml)

A step without a counterpart becomes a disabled Run Command Line that says what it was.
Exit code 1 with --strict when anything is left out; then nothing is written.

Examples:
  muster export windows-11 --format configmgr --out windows-11.zip
  muster export -f windows-11.yaml --format configmgr > windows-11.xml
  muster export windows-11 --format configmgr --bind editor=ScopeId_1/Application_2 --out w.zip --strict`;

/** What `muster export --format configmgr|mdt` was told. */
export interface XmlExportOptions {
  readonly format: SequenceOrigin;
  readonly file?: string[];
  readonly out?: string;
  readonly bind?: string[];
  readonly strict?: boolean;
  readonly output: 'table' | 'json';
}

/** `muster export NAME… --format configmgr|mdt`. */
export async function exportXml(
  names: readonly string[],
  options: XmlExportOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const archive = outputOf(options);
  const bind = bindings(options.bind ?? []);
  const documents = [
    ...(await documentsIn(options.file ?? [], terminal)),
    ...(names.length === 0 ? [] : await documentsOfSite(names, command, terminal)),
  ];
  if (documents.length === 0)
    throw usage('name sequences of the site, or files with --file; muster export --help says more');
  if (!archive && documents.length > 1)
    throw usage(`${documents.length} sequences go into one archive only: --out FILE.zip`);
  const exported = documents.map((document) => ({ document, sequence: exportSequence(document, bind) }));
  for (const { document, sequence } of exported) refuseOtherOrigin(document, sequence.dialect, options.format);
  const unused = Object.keys(bind).filter(
    (name) => !exported.some(({ sequence }) => sequence.usedBindings.includes(name)),
  );
  const left = exported.some(({ sequence }) => sequence.findings.length > 0);
  const refused = options.strict === true && left;
  const outcome = refused ? 'not-written' : writeOut(exported, archive, options, terminal);
  if (options.output === 'json') terminal.out(JSON.stringify(jsonReport(exported, unused, options.out, outcome)));
  else for (const line of report(exported, unused)) terminal.error(line);
  if (options.output === 'table' && options.out !== undefined) terminal.error(`${options.out} ${outcome}`);
  if (refused) throw new SilentExit(EXIT_CODES.failed);
}

type Exported = readonly { readonly document: ExportedDocument; readonly sequence: ExportedSequence }[];

/** Whether an archive is wanted. */
function outputOf({ out, output }: XmlExportOptions): boolean {
  if (out === undefined && output === 'json')
    throw usage('-o json prints the report on standard output, so --out FILE must say where the XML goes');
  if (out !== undefined && !/\.(xml|zip)$/i.test(out))
    throw usage(`--out ${out}: name a file that ends in .xml or .zip`);
  return out !== undefined && /\.zip$/i.test(out);
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}

function bindings(written: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    written.map((one) => {
      const [, name = '', id = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
      if (name === '') throw usage(`--bind "${one}": write --bind NAME=ID, ID being that of the other site`);
      return [name, id];
    }),
  );
}

async function documentsIn(files: readonly string[], terminal: Terminal): Promise<ExportedDocument[]> {
  if (files.length === 0) return [];
  const read = await readDocuments(files, terminal);
  const [problem] = read.problems;
  if (problem !== undefined) throw new CliError('document.not-readable', problem, EXIT_CODES.invalidDocument);
  return read.documents.flatMap(({ kind, input, placeOf, place }) => {
    if (kind !== taskSequence) return [];
    const judged = judgeInput(kind, input);
    if ('findings' in judged) {
      for (const finding of judged.findings) terminal.error(findingLine(finding, placeOf));
      throw new CliError('document.invalid', `${place}: the document is not valid`, EXIT_CODES.invalidDocument);
    }
    return [{ metadata: input.metadata, spec: input.spec as SequenceSpec }];
  });
}

async function documentsOfSite(
  names: readonly string[],
  command: Command,
  terminal: Terminal,
): Promise<ExportedDocument[]> {
  return withClient(command, terminal, async (client) => {
    const found: ExportedDocument[] = [];
    for (const name of names) found.push(await client.get(taskSequence, sequenceName(name)));
    return found;
  });
}

function refuseOtherOrigin({ metadata: { name } }: ExportedDocument, dialect: SequenceOrigin, format: string): void {
  if (dialect === format) return;
  const message =
    dialect === 'mdt'
      ? `"${name}" was imported from MDT and its steps are those of MDT: write --format mdt`
      : `"${name}" did not come from MDT: write --format configmgr`;
  throw new CliError('export.other-origin', message, EXIT_CODES.usage);
}

function writeOut(
  exported: Exported,
  archive: boolean,
  { out }: XmlExportOptions,
  terminal: Terminal,
): 'written' | 'unchanged' {
  const xml = `<?xml version="1.0" encoding="utf-8"?>\n${exported[0]?.sequence.xml ?? ''}\n`;
  if (out === undefined) {
    terminal.out(xml.trimEnd());
    return 'written';
  }
  const bytes = archive
    ? writeZip(archiveOf(exported).map(({ path, text }) => ({ path, bytes: Buffer.from(text) })))
    : Buffer.from(xml);
  try {
    writeFileSync(out, bytes, { flag: 'wx' });
    return 'written';
  } catch (error) {
    if (systemCode(error) !== 'EEXIST')
      throw new CliError('export.out-not-writable', `cannot write ${out}: ${reasonOf(error)}`, EXIT_CODES.failed);
    if (readFileSync(out).equals(bytes)) return 'unchanged';
    const message = `${out} is there already with another content; remove it, or choose another name`;
    throw new CliError('export.out-exists', message, EXIT_CODES.conflict);
  }
}

function report(exported: Exported, unused: readonly string[]): string[] {
  const lines = exported.flatMap(({ document: { metadata }, sequence }) => [
    `${metadata.name}: ${sequence.groups} groups, ${sequence.steps} steps, ${sequence.findings.length} findings, ${sequence.secrets.length} secrets left out`,
    ...sequence.findings.map(
      ({ code, path, message, fix }) =>
        `  ${path === '' ? '' : `${path}: `}${message}${fix === undefined ? '' : `; ${fix}`} (${code})`,
    ),
    ...sequence.secrets.map(
      ({ path, what }) => `  secret: ${path === '' ? '' : `${path}: `}${what}; enter it again there`,
    ),
  ]);
  return [...lines, ...unused.map((name) => `--bind ${name}=… was of no use: nothing has this name`)].map(safeLine);
}

function jsonReport(exported: Exported, unused: readonly string[], out: string | undefined, outcome: string): object {
  return {
    file: out,
    outcome,
    unusedBindings: unused,
    sequences: exported.map(({ document: { metadata }, sequence: { xml: _xml, usedBindings: _used, ...one } }) => ({
      name: metadata.name,
      ...one,
    })),
  };
}
