import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findKind } from '@muster/contracts/kinds/all.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { API_VERSION, nameSchema, type Kind, type ResourceInput } from '@muster/contracts/resource.js';
import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { findingLine } from '../errors/print-error.js';
import { objectName } from '../output/formats.js';
import type { Terminal } from '../terminal.js';
import { positionOf } from './positions.js';

/** One object that a user wrote. */
export interface WrittenDocument {
  readonly kind: Kind;
  /** As written; the server checks the rest. */
  readonly input: ResourceInput;
  /** `file:line` where it begins. */
  readonly place: string;
  /** `file:line:column` of a JSON pointer into the object. */
  placeOf(pointer: string): string;
}

/** A finding in a file that a user wrote; lines and columns are counted from 1. */
export interface LocatedFinding extends ProblemFinding {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** What was read: good documents, and what is wrong with the others. */
export interface ReadDocuments {
  readonly documents: readonly WrittenDocument[];
  readonly problems: readonly string[];
  /** The same problems as data. */
  readonly findings: readonly LocatedFinding[];
}

/**
 * Reads every document of files, folders (their *.yaml, *.yml and *.json, not deeper) and `-` (standard input).
 * Checks only what is needed to address an object: apiVersion, kind, name.
 * Throws CliError `document.not-readable`, and `document.none` when there is nothing at all.
 */
export async function readDocuments(paths: readonly string[], terminal: Terminal): Promise<ReadDocuments> {
  const documents: WrittenDocument[] = [];
  const problems: string[] = [];
  const findings: LocatedFinding[] = [];
  for (const path of paths) {
    for (const { label, bytes } of await readSources(path, terminal)) {
      const read = parseDocuments(label, bytes);
      documents.push(...read.documents);
      problems.push(...read.problems);
      findings.push(...read.findings);
    }
  }
  if (documents.length === 0 && problems.length === 0) {
    throw new CliError(
      'document.none',
      `there is no document in ${paths.join(', ')}: write apiVersion, kind, metadata and spec`,
      EXIT_CODES.invalidDocument,
    );
  }
  return { documents, problems, findings };
}

async function readSources(path: string, terminal: Terminal): Promise<{ label: string; bytes: Buffer }[]> {
  if (path === '-') return [{ label: '<stdin>', bytes: await terminal.readStandardInput() }];
  try {
    if (!statSync(path).isDirectory()) return [{ label: path, bytes: readFileSync(path) }];
    return readdirSync(path)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => ({ label: join(path, name), bytes: readFileSync(join(path, name)) }));
  } catch (cause) {
    throw new CliError('document.not-readable', `cannot read ${path}: ${reasonOf(cause)}`, EXIT_CODES.invalidDocument, {
      cause,
    });
  }
}

/** Reads the documents of one text. `label` is the name of the file in messages. */
export function parseDocuments(label: string, bytes: Uint8Array): ReadDocuments {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const utf8 = finding('', 'document.invalid-utf8', 'not UTF-8', 'save the file as UTF-8');
    return refused([{ ...utf8, file: label }]);
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines });
  const all = 'empty' in parsed ? [] : parsed;
  const syntax = all.flatMap((document) =>
    document.errors.map((error): LocatedFinding => {
      const { line, col } = lines.linePos(error.pos[0]);
      const [message = 'not YAML'] = error.message.split(/ at line \d|\n/);
      return {
        ...finding('', 'document.syntax', message, 'correct the YAML'),
        file: label,
        line,
        column: col,
      };
    }),
  );
  // Documents behind a syntax error may be torn apart in the wrong places.
  if (syntax.length > 0) return refused(syntax);
  const findings: LocatedFinding[] = [];
  const documents: WrittenDocument[] = [];
  for (const document of all) {
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    for (const { value, base } of objectsOf(document)) {
      const place = (pointer: string): string => {
        const at = positionOf(document, lines, `${base}${pointer}`);
        return `${label}:${at.line}:${at.column}`;
      };
      const checked = checkEnvelope(value);
      if ('findings' in checked) findings.push(...checked.findings.map((one) => locate(one, place)));
      else documents.push({ ...checked, place: place('').replace(/:\d+$/, ''), placeOf: place });
    }
  }
  return { documents, ...withLines(findings) };
}

function refused(findings: readonly LocatedFinding[]): ReadDocuments {
  return { documents: [], ...withLines(findings) };
}

function withLines(findings: readonly LocatedFinding[]): Pick<ReadDocuments, 'problems' | 'findings'> {
  return { findings, problems: findings.map((one) => findingLine(one, () => placeText(one))) };
}

/** `file:line:column` of a finding. */
export function placeText({ file, line, column }: LocatedFinding): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`;
}

/** A finding with its place in the file. */
export function locate(found: ProblemFinding, placeOf: (pointer: string) => string): LocatedFinding {
  const [, file = '', line = '1', column = '1'] = /^([^]*):(\d+):(\d+)$/.exec(placeOf(found.path)) ?? [];
  return { ...found, file, line: Number(line), column: Number(column) };
}

/** The object of a document, or the items of a list (`get -o yaml` writes lists), each with its JSON pointer. */
function objectsOf(document: Document.Parsed): { value: unknown; base: string }[] {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    return [{ value: undefined, base: '' }];
  }
  if (isRecord(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List')) {
    const { items } = value;
    if (Array.isArray(items)) return items.map((item: unknown, index) => ({ value: item, base: `/items/${index}` }));
  }
  return [{ value, base: '' }];
}

function checkEnvelope(value: unknown): { kind: Kind; input: ResourceInput } | { findings: ProblemFinding[] } {
  if (!isRecord(value)) {
    return {
      findings: [finding('', 'document.not-a-resource', 'no resource', 'write apiVersion, kind, metadata and spec')],
    };
  }
  const findings: ProblemFinding[] = [];
  const { apiVersion, kind: kindName, metadata } = value;
  if (apiVersion !== API_VERSION) {
    findings.push(
      finding(
        '/apiVersion',
        'document.api-version',
        `"apiVersion" must be ${API_VERSION}, not ${show(apiVersion)}`,
        `apiVersion: ${API_VERSION}`,
      ),
    );
  }
  const kind = typeof kindName === 'string' ? findKind(kindName) : undefined;
  if (kind === undefined || kind.kind !== kindName) {
    const fix = kind === undefined ? 'see "muster get --help" for the kinds' : `kind: ${kind.kind}`;
    findings.push(finding('/kind', 'document.unknown-kind', `there is no kind ${show(kindName)}`, fix));
  }
  const name = isRecord(metadata) ? nameSchema.safeParse(metadata['name']) : undefined;
  if (!name?.success) {
    const given = isRecord(metadata) ? metadata['name'] : undefined;
    const rule = name?.error?.issues[0]?.message ?? 'every object has a name';
    findings.push(finding('/metadata/name', 'document.name', `${show(given)} is no name`, rule));
  }
  if (kind === undefined || findings.length > 0) return { findings };
  return { kind, input: value as unknown as ResourceInput };
}

/** Prints problems of reading; true when there were any. */
export function printProblems(terminal: Terminal, { problems }: ReadDocuments): boolean {
  if (problems.length === 0) return false;
  terminal.error(`error: document.invalid: ${problems.length === 1 ? 'a document is' : 'documents are'} not valid`);
  for (const problem of problems) terminal.error(`  ${problem}`);
  return true;
}

/** How messages call a document's object. */
export function nameOf({ kind, input }: WrittenDocument): string {
  return objectName(kind, input.metadata.name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

function finding(path: string, code: string, message: string, fix: string): ProblemFinding {
  return { path, code, message, fix };
}
