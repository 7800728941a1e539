import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './depcruise.js';

/** Hand-written sources that ship, below a folder of the repository: no tests, no test helpers. Paths from the top. */
export function sourceFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name) && !entry.name.endsWith('spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !/^(apps|libs)\/[^/]+\/test\//.test(path) && !path.includes('node_modules'))
    .sort();
}

/** The syntax tree of a text, with parents. */
export function parse(text: string, name = 'x.ts'): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

/** Calls `visit` for every node, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

const GLOBALS = [
  'process',
  'globalThis',
  'performance',
  'crypto',
  'console',
  'fetch',
  'require',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'WebSocket',
  'XMLHttpRequest',
];

/**
 * What a pure library must not use: the clock, chance, the machine. Comments, strings and names of properties do not
 * count. Each answer is the offending text.
 */
export function impureWords(text: string): string[] {
  const found: string[] = [];
  walk(parse(text), (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) found.push('import()');
    if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0)
      found.push('new Date()');
    if (ts.isCallExpression(node) && isNamed(node.expression, 'Date')) found.push('Date()');
    const member = memberOf(node);
    if (member === 'Date.now' || member === 'Math.random') found.push(member);
    if (ts.isIdentifier(node) && GLOBALS.includes(node.text) && !isPropertyName(node)) found.push(node.text);
  });
  return found;
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** `Date.now` for `Date.now` and `Date['now']`. */
function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return `${node.expression.getText()}.${node.name.text}`;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return `${node.expression.getText()}.${node.argumentExpression.text}`;
  return undefined;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) &&
    parent.name === node
  );
}
