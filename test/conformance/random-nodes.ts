import * as fc from 'fast-check';
import type { Phase, SequenceNode } from '@muster/sequence/model.js';

/**
 * Random trees. Few names and small values, so that things meet: the same step twice, a condition on what the step before
 * did. Everything is made of small tuples with `map`; optional parts come from lists in which "nothing" stands first
 * (shrinking goes there) and as often as it is wanted.
 */
export type Arbitrary<T> = fc.Arbitrary<T>;
type Condition = NonNullable<SequenceNode['condition']>;
type Common = Partial<Pick<SequenceNode, 'continueOnError' | 'condition' | 'disabled'>>;

/** `rest` behind `times` nothings. */
export const rarely = <T>(times: number, ...rest: T[]): Arbitrary<T | undefined> =>
  fc.constantFrom<T | undefined>(...Array.from({ length: times }, () => undefined), ...rest);

/** Drops what is undefined, so that documents look as people write them. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as { [K in keyof T]: Exclude<T[K], undefined> };
}

export const STEP_NAMES = ['a', 'b', 'c', 'd', 'e', 'e'];
/** The step whose outcomes may ask for the same step again. */
export const RETRYING = 'e';
/** Set-step values and layers: numbers near each other, texts that only differ in case, templates of all kinds. */
export const PLAIN = [
  '1',
  '0',
  '',
  '2',
  '10',
  '-1',
  '+1',
  '007',
  'x',
  'X',
  'true',
  'xyz',
  '9a',
  'a.c',
  '%',
  'http://x?y',
];
const TEMPLATES = [
  '%A%',
  '%b%',
  '%A%-%B%',
  '%UNKNOWN%',
  'x%UNKNOWN%y',
  '%HOME%',
  '%home%',
  '%%',
  '%%A%%',
  '%%%A%',
  '%A%%B%',
  '%A',
  '100%',
  '% A%',
  '%A%%',
  '%_SMSTSLastActionRetCode%',
  '%_SMSTSCurrentActionName%',
  '%_SMSTSInWinPE%',
  '%_SMSTSMachineName%',
  '%C%',
];
/** A variable may also be one of those the engine looks at. */
const REQUESTS = ['SMSTSRebootRequested', 'SMSTSRetryRequested'];

const text = fc.oneof({ arbitrary: fc.constantFrom(...PLAIN), weight: 2 }, fc.constantFrom(...TEMPLATES));

const expression: Arbitrary<Condition> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('_SMSTSLastActionSucceeded', '_SMSTSInWinPE'),
        fc.constantFrom('equals', 'notEquals'),
        fc.constantFrom('false', 'true', 'TRUE'),
      )
      .map(([variable, operator, value]) => ({ variable, operator, value }) as Condition),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom('A', 'b', 'B', 'C', '_SMSTSLastActionRetCode', '_smstslastactionname', ...REQUESTS, '_None'),
        fc.constantFrom(
          'notEquals',
          'equals',
          'notExists',
          'exists',
          'less',
          'lessEqual',
          'greater',
          'greaterEqual',
          'like',
          'notLike',
        ),
        fc.constantFrom(
          '1',
          '0',
          '2',
          '10',
          '',
          'x',
          '9',
          '9a',
          'a',
          '*',
          '?',
          'x*',
          '?0',
          '*c',
          'a?c',
          '%A%',
          '3010',
          '-1',
        ),
      )
      .map(
        ([variable, operator, value]) =>
          ({ variable, operator, ...(operator.endsWith('xists') ? {} : { value }) }) as Condition,
      ),
  },
);

const condition: Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: expression },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('all', 'any', 'none'), fc.array(tie('condition'), { minLength: 1, maxLength: 3 }))
        .map(([operator, operands]) => ({ [operator]: operands }) as unknown as Condition),
    },
  ),
})).condition;

const common: Arbitrary<Common> = fc
  .tuple(
    rarely(4, true),
    rarely(20, true),
    fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: condition }),
  )
  .map(([continueOnError, disabled, when]) => defined({ continueOnError, disabled, condition: when }));

const successCodes = rarely(14, [0], [5], [0, 5], [0, 3010, 5], [1]);

const setStep: Arbitrary<SequenceNode> = fc
  .tuple(
    fc.constantFrom(...STEP_NAMES),
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom('A', 'B', 'b', 'C') },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          'WorkingDirectory',
          ...REQUESTS,
          'N%A%',
          'N%B%',
          'N%A%',
          '%A%',
          '%UNKNOWN%',
          '%TARGET%',
        ),
      },
    ),
    text,
    rarely(7, true),
    rarely(40, [0], [5], [0, 5]),
    rarely(30, 'PE', 'FullOS'),
    fc.constantFrom('HD', 'WinPE'),
    common,
  )
  .map(([step, name, value, secret, codes, runIn, target, more]) => ({
    step,
    type: 'SetTaskSequenceVariable',
    ...more,
    ...defined({ successCodes: codes, runIn: runIn as Phase | undefined }),
    settings: { name, value: name === 'SMSTSRebootRequested' && value !== '' ? target : value, ...defined({ secret }) },
  }));

const commandSettings = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('do', 'do %A%', 'do x%B% %UNKNOWN%', '%C% %%', 'do %HOME% %A', 'do %A%%B% %%A%%'),
      rarely(6, '/own', '/own/%A%', '%UNKNOWN%'),
    )
    .map(([command, workingDirectory]) => defined({ command, workingDirectory })),
  fc
    .tuple(fc.constantFrom('do', 'echo "%A%"'), rarely(2, true), rarely(2, ['x y', '%A%'], ['%_SMSTSLastActionName%']))
    .map(([command, shell, words]) =>
      defined({ command, shell: shell ?? (words ? undefined : true), arguments: words }),
    ),
);
const packageSettings = fc
  .constantFrom('hello', 'hello', 'hello', 'hello', 'hello', 'p-%A%', 'p-%A%', '%UNKNOWN%')
  .map((name) => ({ package: name, program: 'install' }));

const executedStep: Arbitrary<SequenceNode> = fc
  .tuple(
    fc.constantFrom(...STEP_NAMES),
    fc.oneof(
      { weight: 3, arbitrary: commandSettings.map((settings) => ({ type: 'RunCommandLine', settings })) },
      { weight: 1, arbitrary: packageSettings.map((settings) => ({ type: 'InstallPackage', settings })) },
    ),
    successCodes,
    rarely(12, { attempts: 2 }, { attempts: 3, backoffSeconds: 5 }),
    rarely(16, 'PE', 'FullOS', 'Any'),
    rarely(6, true, false),
    common,
  )
  .map(([step, { type, settings }, codes, retry, runIn, repeatable, more]) => ({
    step,
    type,
    ...more,
    settings: settings as Record<string, unknown>,
    ...defined({ successCodes: codes, retry, runIn: runIn as Phase | undefined, repeatable }),
  }));

/** Nodes that may point to `pointers`; a root points to all children, a child to those behind it, so circles are rare. */
export function nodes(pointers: readonly string[], maxDepth: number, maxLength: number): Arbitrary<SequenceNode[]> {
  const pointer: Arbitrary<SequenceNode> =
    pointers.length === 0
      ? executedStep
      : fc.tuple(fc.constantFrom(...pointers), common).map(([sequence, more]) => ({ sequence, ...more }));
  return fc.letrec<{ list: SequenceNode[]; node: SequenceNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth, depthSize: 'medium', withCrossShrink: true },
      { weight: 6, arbitrary: executedStep },
      { weight: 3, arbitrary: setStep },
      { weight: 1, arbitrary: pointer },
      {
        weight: 5,
        arbitrary: fc
          .tuple(
            fc.constantFrom('G', 'H', 'a'),
            fc.array(tie('node'), { maxLength: 4, size: 'max' }),
            common,
            rarely(1, true),
          )
          .map(([group, steps, more, absorbs]) => ({
            group,
            ...more,
            ...(absorbs ? { continueOnError: true } : {}),
            steps,
          })),
      },
    ),
    list: fc.array(tie('node'), { minLength: 1, maxLength, size: 'max' }),
  })).list;
}
