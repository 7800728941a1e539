import type { SourceMember } from '@muster/interchange/import-files.js';
import { isGroup, isStep, type SequenceNode } from '@muster/sequence/model.js';
import { XMLParser } from 'fast-xml-parser';

/*
 * Counts what is in sequence files with a parser and a reading of its own: nothing here is shared with the importer.
 */

/** A node: its kind, its name, whether it is disabled and goes on behind errors, the shape of its condition, its children. */
export type NodeShape = [kind: string, name: string, flags: string, condition: string, children: NodeShape[]];
export type SequenceShape = NodeShape[];

export type Raw = Record<string, unknown>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** The trees of all sequences in the members of a file, in their order. */
export function countSequences(members: readonly SourceMember[]): SequenceShape[] {
  return parseSequences(members).map(shapes);
}

/** What is inside each `sequence` element of the members of a file. */
export function parseSequences(members: readonly SourceMember[]): Raw[][] {
  return members.flatMap(({ path, bytes }) => {
    if (!path.endsWith('.xml') || !(bytes instanceof Uint8Array)) return [];
    let text = Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trim();
    if (text.startsWith('&lt;')) text = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const roots = parser.parse(text) as Raw[];
    const [root] = roots.filter((one) => tagOf(one) !== undefined && tagOf(one) !== '#text');
    if (root === undefined) return [];
    if (tagOf(root) === 'sequence') return [inside(root)];
    if (tagOf(root) !== 'INSTANCE') return [];
    const property = inside(root).find((one) => tagOf(one) === 'PROPERTY' && attributesOf(one)['NAME'] === 'Sequence');
    const value = property && inside(property).find((one) => tagOf(one) === 'VALUE');
    if (!value) return [];
    const inner = parser.parse(textOf(value)) as Raw[];
    const sequence = inner.find((one) => tagOf(one) === 'sequence');
    return sequence ? [inside(sequence)] : [];
  });
}

function shapes(nodes: readonly Raw[]): NodeShape[] {
  return nodes.flatMap((node): NodeShape[] => {
    const tag = tagOf(node);
    if (tag !== 'group' && tag !== 'step' && tag !== 'subtasksequence') return [];
    const { name = '', disable, continueOnError } = attributesOf(node);
    const condition = inside(node).find((one) => tagOf(one) === 'condition');
    const flags = `${disable === 'true' ? 'disabled ' : ''}${continueOnError === 'true' ? 'continue' : ''}`;
    const kind = tag === 'subtasksequence' ? 'call' : tag;
    return [
      [
        kind,
        kind === 'call' ? '' : name,
        flags,
        condition ? conditionShape(condition) : '',
        kind === 'group' ? shapes(inside(node)) : [],
      ],
    ];
  });
}

/** `all(any(x x) x)`: operators and how many operands they have. Empty operators are nothing; a list of systems is `any`. */
function conditionShape(condition: Raw): string {
  const operands = inside(condition).flatMap((one) => operandShape(one));
  return operands.length > 1 ? `all(${operands.join(' ')})` : (operands[0] ?? '');
}

function operandShape(node: Raw): string[] {
  const tag = tagOf(node);
  if (tag === 'expression') return ['x'];
  if (tag === 'osExpressionGroup') return ['system'];
  if (tag !== 'operator' && tag !== 'osConditionGroup') return [];
  const operands = inside(node).flatMap((one) => operandShape(one));
  const word = { and: 'all', or: 'any', not: 'none' }[attributesOf(node)['type'] ?? ''] ?? '?';
  return operands.length === 0 ? [] : [`${word}(${operands.join(' ')})`];
}

/** The same of a document. An `os` with queries beside it, or queries that must all hold, are one system. */
export function shapeOfDocument(nodes: readonly SequenceNode[]): NodeShape[] {
  return nodes.map((node) => {
    const kind = isGroup(node) ? 'group' : isStep(node) ? 'step' : 'call';
    const name = isGroup(node) ? node.group : isStep(node) ? node.step : '';
    const flags = `${node.disabled ? 'disabled ' : ''}${node.continueOnError ? 'continue' : ''}`;
    const condition = node.condition ? operand(node.condition as Raw) : '';
    return [kind, name, flags, condition, isGroup(node) ? shapeOfDocument(node.steps) : []];
  });
}

function operand(condition: Raw): string {
  const word = ['all', 'any', 'none'].find((name) => name in condition);
  if (word === undefined) return 'os' in condition ? 'system' : 'x';
  const operands = condition[word] as Raw[];
  if (word === 'all' && operands.every(isAboutSystem)) return 'system';
  return `${word}(${operands.map(operand).join(' ')})`;
}

function isAboutSystem(one: Raw): boolean {
  return 'os' in one || (typeof one['wmi'] === 'string' && one['wmi'].includes('Win32_OperatingSystem'));
}

export function tagOf(node: Raw): string | undefined {
  return Object.keys(node).find((key) => key !== ':@');
}

export function inside(node: Raw): Raw[] {
  const found = node[tagOf(node) ?? ''];
  return Array.isArray(found) ? (found as Raw[]) : [];
}

export function attributesOf(node: Raw): Record<string, string | undefined> {
  return (node[':@'] ?? {}) as Record<string, string | undefined>;
}

export function textOf(node: Raw): string {
  return inside(node)
    .map((one) => (typeof one['#text'] === 'string' ? one['#text'] : ''))
    .join('');
}
