import type { SourceMember } from '@muster/interchange/import-files.js';
import { attributesOf, inside, parseSequences, type Raw, tagOf, textOf } from './independent-count.js';

/*
 * What a sequence file says, read with a parser and an understanding of its own: nothing here is shared with importer or exporter.
 */

/** A node with everything that an export back must keep. */
export interface NodeStructure {
  readonly kind: string;
  readonly type: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly continueOnError: boolean;
  readonly runIn: string;
  readonly successCodes: string;
  readonly timeout: string;
  readonly retry: string;
  readonly condition: unknown;
  readonly children: readonly NodeStructure[];
}

/** The trees of all sequences in the members of a file, in their order. */
export function structuresIn(members: readonly SourceMember[]): NodeStructure[][] {
  return parseSequences(members).map((sequence) => structures(sequence));
}

function structures(nodes: readonly Raw[]): NodeStructure[] {
  return nodes.flatMap((node): NodeStructure[] => {
    const kind = tagOf(node) ?? '';
    if (kind !== 'group' && kind !== 'step' && kind !== 'subtasksequence') return [];
    const given = attributesOf(node);
    const condition = inside(node).find((one) => tagOf(one) === 'condition');
    return [
      {
        kind,
        type: given['type'] ?? '',
        name: given['name'] ?? '',
        disabled: given['disable'] === 'true',
        continueOnError: given['continueOnError'] === 'true',
        runIn: kind === 'step' ? (given['runIn'] ?? 'WinPEandFullOS') : '',
        successCodes: kind === 'group' ? '' : (given['successCodeList'] ?? '0'),
        timeout: given['timeout'] ?? '0',
        retry: given['retryCount'] ?? '0',
        condition: condition && operands(condition),
        children: kind === 'group' ? structures(inside(node)) : [],
      },
    ];
  });
}

/** Operators with their operands in order; expressions with their type and their variables, whose order says nothing. */
function operands(node: Raw): unknown[] {
  return inside(node).flatMap((one): unknown[] => {
    const tag = tagOf(one) ?? '';
    if (tag === '#text' || tag === '#comment') return [];
    if (tag !== 'expression') return [{ tag, ...attributesOf(one), operands: operands(one) }];
    const variables = inside(one).filter((inner) => tagOf(inner) === 'variable');
    return [
      {
        type: attributesOf(one)['type'],
        variables: Object.fromEntries(variables.map((inner) => [attributesOf(inner)['name'], textOf(inner).trim()])),
      },
    ];
  });
}
