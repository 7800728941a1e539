import type { ConditionTrace, Truth } from '@muster/sequence/conditions/evaluate.js';
import { type Expression, expressionKind } from '@muster/sequence/conditions/model.js';
import type {
  LayeredValue,
  NodeExplanation,
  SequenceExplanation,
  VariableExplanation,
} from '@muster/sequence/explain.js';

const signs = { 'will-run': '+', skipped: '-', blocked: 'x', unknown: '?', 'not-reached': ' ' } as const;

/** An explanation for people: the tree, and under each node why. */
export function explanationLines(explained: SequenceExplanation): string[] {
  const lines = [explained.sequence];
  for (const node of explained.nodes) lines.push(...nodeLines(node));
  const counts = new Map<string, number>();
  for (const { kind, verdict } of explained.nodes)
    if (kind === 'step') counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const summary = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  const restarts = explained.restarts > 0 ? `; restarts: ${explained.restarts}` : '';
  lines.push(
    `${summary || 'no steps'}${restarts}${explained.result ? `; the run would end as ${explained.result}` : ''}`,
  );
  return lines;
}

function nodeLines(node: NodeExplanation): string[] {
  const indent = '  '.repeat(node.depth + 1);
  const why = [node.reason ?? node.code, node.message].filter(Boolean).join(': ');
  const kind = node.kind === 'step' ? (node.stepType ?? '') : node.kind;
  const head = `${indent}${signs[node.verdict]} ${node.name} [${kind}] ${node.verdict}${why ? ` (${why})` : ''}`;
  const inner = `${indent}    `;
  return [
    head,
    ...(node.condition ? conditionLines(node.condition, `${inner}if `, `${inner}   `) : []),
    ...node.variables.map((variable) => `${inner}${variableText(variable)}`),
  ];
}

function conditionLines(trace: ConditionTrace, first: string, rest: string): string[] {
  if ('operator' in trace) {
    const head = `${first}${trace.operator}: ${truthText(trace.outcome)}`;
    return [head, ...trace.operands.flatMap((operand) => conditionLines(operand, `${rest}  `, `${rest}  `))];
  }
  const actual = trace.error
    ? ` (${trace.error.code}: ${trace.error.message})`
    : trace.actual === undefined
      ? expressionKind(trace.expression) === 'variable'
        ? ' (it does not exist)'
        : ''
      : ` (it is "${trace.actual}")`;
  return [`${first}${expressionText(trace.expression)}: ${truthText(trace.outcome)}${actual}`];
}

function truthText(truth: Truth): string {
  return String(truth);
}

/** `Ring equals "fast"`, `file /etc/x`, with everything else that the expression says. */
function expressionText(expression: Expression): string {
  const kind = expressionKind(expression);
  const { [kind]: subject, operator, value, ...more } = expression as unknown as Record<string, unknown>;
  const words = [kind, String(subject)];
  if (typeof operator === 'string') words.push(operator);
  if (typeof value === 'string') words.push(`"${value}"`);
  for (const [field, detail] of Object.entries(more)) words.push(`${field} ${JSON.stringify(detail)}`);
  return words.join(' ');
}

function variableText({ name, winner, losers }: VariableExplanation): string {
  const value = winner ? `%${name}% = ${layeredText(winner)}` : `%${name}% does not exist`;
  return losers.length > 0 ? `${value}; hides ${losers.map(layeredText).join(', ')}` : value;
}

function layeredText({ value, layer, source, priority, tied }: LayeredValue): string {
  const from = source === undefined ? '' : ` ${source}`;
  const strength = priority === undefined ? '' : `, priority ${priority}`;
  return `"${value}" (${layer}${from}${strength}${tied ? ', the same: the smaller id wins' : ''})`;
}
