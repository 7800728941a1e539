import * as fc from 'fast-check';
import { type ConditionTrace, type Truth, evaluateCondition, openQuestions, traceCondition } from './evaluate.js';
import type { Condition, Expression, ProbeAnswer, WorldExpression } from './model.js';

const truths: readonly Truth[] = [true, false, 'unknown'];
const rank = (truth: Truth): number => (truth === true ? 2 : truth === 'unknown' ? 1 : 0);
const ofRank: readonly Truth[] = [false, 'unknown', true];
const negated = (truth: Truth): Truth => ofRank[2 - rank(truth)] ?? 'unknown';
/** Kleene in arithmetic: and is the minimum, or the maximum, none the negation of or. */
const formula = {
  all: (operands: readonly Truth[]): Truth => ofRank[Math.min(...operands.map(rank))] ?? true,
  any: (operands: readonly Truth[]): Truth => ofRank[Math.max(...operands.map(rank))] ?? false,
  none: (operands: readonly Truth[]): Truth => negated(formula.any(operands)),
};

/** An expression of which the scope below knows the truth. */
const standing = (truth: Truth): Expression => ({ file: `/${String(truth)}` });
const answers: Readonly<Record<string, ProbeAnswer>> = {
  '/true': { result: true, actual: 'here' },
  '/false': { result: false },
  '/unknown': { error: { code: 'condition.probe-failed', message: 'no' } },
};
const pathOf = (expression: WorldExpression): string => ('file' in expression ? expression.file : '');
const scope = { read: () => undefined, answer: (expression: WorldExpression) => answers[pathOf(expression)] };

const combinations = truths.flatMap((a) => truths.flatMap((b) => truths.map((c) => [a, b, c] as const)));

describe.each(['all', 'any', 'none'] as const)('%s', (operator) => {
  it.each(combinations)('of %s, %s and %s is what the arithmetic of three values says', (...operands) => {
    const condition = { [operator]: operands.map(standing) } as Condition;
    expect(evaluateCondition(condition, scope)).toBe(formula[operator](operands));
  });

  it('of one operand and of two is what the arithmetic says', () => {
    for (const operands of [...truths.map((a) => [a]), ...truths.flatMap((a) => truths.map((b) => [a, b]))]) {
      const condition = { [operator]: operands.map(standing) } as Condition;
      expect([operands, evaluateCondition(condition, scope)]).toEqual([operands, formula[operator](operands)]);
    }
  });
});

it('decides empty operators: all and none are true, any is false', () => {
  const empty = [{ all: [] }, { any: [] }, { none: [] }].map((condition) => evaluateCondition(condition, scope));
  expect(empty).toEqual([true, false, true]);
});

const variables: Readonly<Record<string, string>> = { A: '1', B: 'text' };
const read = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);

const expressionArbitrary: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({
    variable: fc.constantFrom('A', 'B', 'C'),
    operator: fc.constantFrom('equals' as const, 'notEquals' as const, 'exists' as const, 'less' as const),
    value: fc.constantFrom('1', '2', 'TEXT'),
  }),
  fc.constantFrom<Expression>(
    { file: '/true' },
    { folder: '/false' },
    { software: 'curl' },
    { os: 'debian' },
    { facts: 'os.id == "debian"' },
    { wmi: 'SELECT * FROM Win32_Battery' },
  ),
);
const conditionArbitrary = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    expressionArbitrary.map((expression) => ({ ...expression })),
    fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ none: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
  ),
})).condition;

/** A computer that gives the first, second, … question it is asked the first, second, … of these answers. */
const answering = (given: readonly ProbeAnswer[]): ((question: WorldExpression) => ProbeAnswer | undefined) => {
  const known = new Map<WorldExpression, ProbeAnswer | undefined>();
  return (question) => {
    if (!known.has(question)) known.set(question, given[known.size % Math.max(1, given.length)]);
    return known.get(question);
  };
};
const answerArbitrary = fc.constantFrom<ProbeAnswer>(
  { result: true, actual: 'x' },
  { result: false },
  { error: { code: 'condition.probe-failed', message: 'no' } },
);

function outcomes(trace: ConditionTrace): Truth[] {
  return 'operator' in trace ? [trace.outcome, ...trace.operands.flatMap(outcomes)] : [trace.outcome];
}

describe('random conditions', () => {
  it('have a trace that comes to the same outcome and has a row for every part', () => {
    fc.assert(
      fc.property(conditionArbitrary, fc.array(answerArbitrary, { maxLength: 5 }), (condition, given) => {
        const asked = answering(given);
        const trace = traceCondition(condition, { read, answer: asked });
        expect(trace.outcome).toBe(evaluateCondition(condition, { read, answer: asked }));
        const parts = JSON.stringify(condition).match(/"(all|any|none|variable|file|folder|software|os|facts|wmi)":/g);
        expect(outcomes(trace)).toHaveLength(parts?.length ?? 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('ask nothing when the variables decide, and only what is not answered yet', () => {
    let decided = 0;
    fc.assert(
      fc.property(conditionArbitrary, (condition) => {
        const open = openQuestions(condition, { read });
        const truth = evaluateCondition(condition, { read });
        if (truth !== 'unknown') decided++;
        expect(open.length > 0).toBe(truth === 'unknown');
        const answer = (): ProbeAnswer => ({ result: true });
        expect(openQuestions(condition, { read, answer })).toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(decided).toBeGreaterThan(50);
  });

  it('are decided once all open questions are answered, unless an answer is an error', () => {
    fc.assert(
      fc.property(conditionArbitrary, fc.array(answerArbitrary, { minLength: 1, maxLength: 6 }), (condition, given) => {
        const answerOf = new Map(
          openQuestions(condition, { read }).map((question, index) => [question, given[index % given.length]]),
        );
        const truth = evaluateCondition(condition, { read, answer: (question) => answerOf.get(question) });
        const failed = [...answerOf.values()].some((answer) => answer && 'error' in answer);
        if (!failed) expect(truth).not.toBe('unknown');
      }),
      { numRuns: 1000 },
    );
  });

  it('are the same whatever the computer would have said to questions that were not open', () => {
    fc.assert(
      fc.property(conditionArbitrary, answerArbitrary, (condition, answer) => {
        const alone = evaluateCondition(condition, { read });
        fc.pre(alone !== 'unknown');
        expect(evaluateCondition(condition, { read, answer: () => answer })).toBe(alone);
      }),
      { numRuns: 500 },
    );
  });
});

it('shows what was found: the value of the variable, what the computer saw, why it could not tell', () => {
  const condition: Condition = {
    all: [{ variable: 'A', operator: 'equals', value: '1' }, { file: '/true' }, { none: [{ file: '/unknown' }] }],
  };
  expect(traceCondition(condition, { ...scope, read })).toEqual({
    operator: 'all',
    outcome: 'unknown',
    operands: [
      { expression: { variable: 'A', operator: 'equals', value: '1' }, outcome: true, actual: '1' },
      { expression: { file: '/true' }, outcome: true, actual: 'here' },
      {
        operator: 'none',
        outcome: 'unknown',
        operands: [
          {
            expression: { file: '/unknown' },
            outcome: 'unknown',
            error: { code: 'condition.probe-failed', message: 'no' },
          },
        ],
      },
    ],
  });
});
