import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import ts from 'typescript';
import { eventTypes } from '@muster/contracts/kinds/event.js';
import { CATEGORIES, type Category } from '@muster/contracts/problem.js';
import { EXIT_CODES } from '../../apps/cli/src/errors/exit-codes.js';
import { root } from './depcruise.js';
import { parse, sourceFiles, walk } from './source-files.js';

/** A code in the sources, and what goes with it where the sources say so: HTTP statuses, exit codes of `muster`. */
export interface FoundCode {
  readonly files: Set<string>;
  readonly results: Set<string>;
}

/** One place that gives a code. `result` is `404` (HTTP) or `exit 2`. */
export interface CodeUse {
  readonly code: string;
  readonly result?: string | undefined;
}

const WORD = '[a-z][a-z0-9]*(?:-[a-z0-9]+)*';
const CODE = new RegExp(`^${WORD}\\.${WORD}$`);
const CODE_AND_MESSAGE = new RegExp(`^(?:error: )?(${WORD}\\.${WORD}): `);
const AREA = new RegExp(`^${WORD}\\.$`);

/** Literals of the same shape that are something else. Names of files are known by their extension. */
const EXTENSIONS = [
  '.conf',
  '.exe',
  '.json',
  '.jsonl',
  '.js',
  '.lock',
  '.log',
  '.md',
  '.mjs',
  '.pem',
  '.pid',
  '.sha256',
  '.proto',
  '.sql',
  '.ts',
  '.yaml',
  '.yml',
];
const OTHER = new Set([
  'err.config',
  'metadata.name',
  // A fact.
  'os.architecture',
  // Types of events have the shape of codes. One is a code as well, of `muster run`.
  'webhook.test',
  ...eventTypes.filter((type) => type !== 'run.failed'),
]);

/** Codes put together from a value whose possibilities the text does not show. */
const COMPOSED: Readonly<Record<string, readonly string[]>> = {
  'run.${result.result}': ['run.restart-pending', 'run.interrupted'],
};

/**
 * Every stable code in the sources: string literals of the shape `area.what-happened`, beginnings of messages
 * `area.what-happened: …`, and codes put together by a function, as in `session.${code}` where `code` is its parameter.
 * What cannot be told is `area.*`.
 */
export function collectCodes(): Map<string, FoundCode> {
  const codes = new Map<string, FoundCode>();
  for (const path of ['apps', 'libs', 'tools'].flatMap(sourceFiles)) {
    for (const { code, result } of codesIn(readFileSync(join(root, path), 'utf8'))) {
      const known = codes.get(code) ?? { files: new Set(), results: new Set() };
      known.files.add(path);
      if (result !== undefined) known.results.add(result);
      codes.set(code, known);
    }
  }
  return codes;
}

/** The codes in one source text. */
export function codesIn(text: string): CodeUse[] {
  const found: CodeUse[] = [];
  const file = parse(text);
  walk(file, (node) => {
    if (ts.isStringLiteralLike(node) && isCode(node.text)) found.push({ code: node.text, result: resultBeside(node) });
    else if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      const [, code] = CODE_AND_MESSAGE.exec(node.text) ?? [];
      if (code !== undefined && isCode(code)) found.push({ code });
    }
    if (ts.isTemplateExpression(node) && isComposedCode(node)) found.push(...composed(file, node));
  });
  return found;
}

function isCode(text: string): boolean {
  return CODE.test(text) && !EXTENSIONS.includes(extname(text)) && !OTHER.has(text);
}

/** `area.${…}` alone in a `new …Error(…)`, or with a message behind it; not a file name, a subject or a sentence. */
function isComposedCode({ head, templateSpans, parent }: ts.TemplateExpression): boolean {
  const behind = templateSpans[0]?.literal.text ?? '';
  return AREA.test(head.text) && (behind === '' ? ts.isNewExpression(parent) : behind.startsWith(': '));
}

function composed(file: ts.SourceFile, node: ts.TemplateExpression): CodeUse[] {
  const area = node.head.text;
  const value = node.templateSpans[0]?.expression.getText() ?? '';
  const known = COMPOSED[`${area}\${${value}}`];
  if (known) return known.map((code) => ({ code }));
  const result = resultBeside(node);
  const maker = enclosingFunction(node);
  const position = maker?.parameters.findIndex((one) => one.name.getText() === value) ?? -1;
  const name = maker?.name?.getText();
  if (position < 0 || name === undefined) return [{ code: `${area}*`, result }];
  const found: CodeUse[] = [];
  walk(file, (call) => {
    if (!ts.isCallExpression(call) || call.expression.getText() !== name) return;
    const argument = call.arguments[position];
    const literal = argument !== undefined && ts.isStringLiteralLike(argument);
    found.push({ code: literal ? area + argument.text : `${area}*`, result });
  });
  return found;
}

function enclosingFunction(node: ts.Node): ts.FunctionDeclaration | undefined {
  for (let one: ts.Node | undefined = node; one !== undefined; one = one.parent)
    if (ts.isFunctionDeclaration(one)) return one;
  return undefined;
}

/**
 * The HTTP status of the category in `new MusterError('category', 'code', …)` and `{ category: …, code: … }`, that of
 * `{ status: 404, code: … }`, and the exit code in `new CliError('code', …, EXIT_CODES.x)` and `{ 'code': EXIT_CODES.x }`.
 */
function resultBeside(node: ts.Node): string | undefined {
  const { parent } = node;
  if (ts.isNewExpression(parent)) return statusOf(parent.arguments?.[0]) ?? exitCodeOf(parent.arguments?.[2]);
  if (!ts.isPropertyAssignment(parent)) return undefined;
  if (parent.name === node) return exitCodeOf(parent.initializer);
  const beside = parent.parent.properties.filter(ts.isPropertyAssignment);
  const field = (name: string) => beside.find((one) => one.name.getText() === name)?.initializer;
  const status = field('status');
  return statusOf(field('category')) ?? (status && ts.isNumericLiteral(status) ? status.text : undefined);
}

function statusOf(category: ts.Node | undefined): string | undefined {
  if (category === undefined || !ts.isStringLiteralLike(category) || !(category.text in CATEGORIES)) return undefined;
  return String(CATEGORIES[category.text as Category].status);
}

function exitCodeOf(node: ts.Node | undefined): string | undefined {
  const [, name] = /^EXIT_CODES\.(\w+)$/.exec(node?.getText() ?? '') ?? [];
  return name !== undefined && name in EXIT_CODES ? `exit ${EXIT_CODES[name as keyof typeof EXIT_CODES]}` : undefined;
}

/** The rows of the reference page: code, and the text of its second column. */
export function documentedCodes(page: string): { code: string; results: string }[] {
  return page.split('\n').flatMap((line) => {
    const [, code, results] = /^\| `([a-z0-9-]+\.[a-z0-9*-]+)` *\| *([^|]*?) *\|/.exec(line) ?? [];
    return code === undefined || results === undefined ? [] : [{ code, results }];
  });
}
