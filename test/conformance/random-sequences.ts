import * as fc from 'fast-check';
import type { Phase, SequenceSpec } from '@muster/sequence/model.js';
import type { SimulatedOutcome } from '@muster/sequence/simulate.js';
import type { VariableInput } from '@muster/sequence/variables.js';
import { type Arbitrary, defined, nodes, PLAIN, rarely, RETRYING, STEP_NAMES } from './random-nodes.js';
import { ROOT_NAME, type Scenario } from './scenario.js';

type Assignment = { name: string; value: string; secret?: boolean };

const CHILD_NAMES = ['c1', 'c2', 'c3'];

/** Names of the strongest layers come from the same three letters; the empty text hides what is below it. */
const layer: Arbitrary<VariableInput | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom('A', 'B', 'C', 'a', 'WorkingDirectory', 'TARGET'),
          fc.constantFrom(...PLAIN, '%A%'),
          rarely(4, true),
          fc.constantFrom('_SMSTSInWinPE', 'A b', 'B', '1x'),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((entries) => {
        const known = new Map<string, [string, string | { value: string; secret: boolean }]>();
        for (const [name, value, secret, target] of entries) {
          const held = name === 'TARGET' ? target : value;
          known.set(name.toLowerCase(), [name, secret ? { value: held, secret } : held]);
        }
        return Object.fromEntries(known.values());
      }),
  },
);

/** Variables of a sequence itself. Each child has a name of its own: which of two children wins is not settled. */
const defaultsOf = (...names: string[]): Arbitrary<Record<string, string> | undefined> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...names), fc.constantFrom(...PLAIN))
        .map(([name, value]) => ({ [name]: value })),
    },
  );

const assignment = fc
  .tuple(
    fc.constantFrom('A', 'B', 'c', 'WorkingDirectory'),
    fc.constantFrom('', '1', '2', 'x', '%A%', '/srv'),
    rarely(4, true),
  )
  .map(([name, value, secret]) => ({ name, value, ...defined({ secret }) }));

/** What a script asks for; `again` may ask for itself to be run again. */
const requests = (again: boolean): Arbitrary<Assignment[]> => {
  const reboot = (value: string): Assignment => ({ name: 'SMSTSRebootRequested', value });
  const retry = { name: 'smstsretryrequested', value: 'yes' };
  const nothing: Assignment[][] = [[], [], [], [], []];
  const both = [
    [reboot('HD'), retry],
    [retry, reboot('winpe')],
    [reboot('HD'), retry],
    [reboot('HD'), retry],
  ];
  return fc.constantFrom(...nothing, [reboot('HD')], [reboot('WinPE')], ...(again ? [[retry], ...both] : []));
};

const outcome = (again: boolean): Arbitrary<SimulatedOutcome> =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(
          fc.constantFrom(0, 0, 0, 1, 1, 5, 3010, 1641, -1),
          fc.oneof(
            { weight: 3, arbitrary: fc.constant([]) },
            { weight: 1, arbitrary: fc.array(assignment, { maxLength: 2 }) },
          ),
          requests(again),
          rarely(12, [0], [0, 5], [0, 3010]),
        )
        .map(([exitCode, assignments, more, codes]) => ({
          exitCode,
          ...(assignments.length + more.length > 0 ? { assignments: [...assignments, ...more] } : {}),
          ...defined({ successCodes: codes }),
        })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('step.executor-error', 'step.timeout', 'content.unavailable'),
          rarely(1, 124, 0, 127),
          rarely(5, true),
          requests(again),
        )
        .map(([code, exitCode, ignoreContinueOnError, assignments]) => ({
          ...defined({ exitCode }),
          ...(assignments.length > 0 ? { assignments } : {}),
          error: { code, message: 'as told', ...defined({ ignoreContinueOnError }) },
        })),
    },
    { weight: 1, arbitrary: fc.constant('interrupted' as const) },
  );

/** More often than a repeatable step is begun again. */
const always = Array.from({ length: 7 }, () => 'interrupted' as const);

const outcomesOf = (name: string): Arbitrary<[string, SimulatedOutcome[]]> =>
  fc
    .oneof(
      { weight: 30, arbitrary: fc.array(outcome(name === RETRYING), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant<SimulatedOutcome[]>(always) },
    )
    .map((list) => [name, list]);

const outcomes: Arbitrary<Scenario['outcomes']> = fc
  .array(fc.oneof(...STEP_NAMES.map(outcomesOf)), { maxLength: 6, size: 'max' })
  .map((entries) => Object.fromEntries(entries));

/** Mostly there: a run without a child it needs cannot begin. */
const child = (pointers: readonly string[]): Arbitrary<SequenceSpec | undefined> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant(undefined) },
    {
      weight: 60,
      arbitrary: fc
        .tuple(nodes(pointers, 2, 2), rarely(60, false, true), defaultsOf('A', 'a', 'B', 'C'))
        .map(([steps, enabled, variables]) => ({ steps, ...defined({ enabled, variables }) })),
    },
  );

const children: Arbitrary<Record<string, SequenceSpec>> = fc
  .tuple(
    child(['c2', 'c3', 'c2', 'c3', 'c2', 'c3', 'c2', 'c3', 'c1', ROOT_NAME]),
    child(['c3', 'c3', 'c3', 'c3', 'c3', 'c3', 'c1']),
    child([]),
  )
  .map(
    (specs) =>
      defined(Object.fromEntries(specs.map((spec, i) => [CHILD_NAMES[i], spec]))) as Record<string, SequenceSpec>,
  );

/**
 * Whole documents with everything around them: six nodes at the root, groups five deep, three children, four layers of
 * variables with the same names, and what each step does. Valid always (`validateSequence`).
 */
export const scenarios: Arbitrary<Scenario> = fc
  .tuple(
    nodes([...CHILD_NAMES, ...CHILD_NAMES, ...CHILD_NAMES, ...CHILD_NAMES, 'c9'], 5, 6),
    children,
    outcomes,
    fc.tuple(layer, layer, layer, defaultsOf('A', 'B', 'c', 'WorkingDirectory')),
    fc.constantFrom<Phase>('FullOS', 'FullOS', 'PE'),
    rarely(200, false, true),
    rarely(10, 'FullMedia', 'BootMedia'),
  )
  .map(([steps, childSpecs, table, [media, device, collection, variables], phase, enabled, mediaType]) => ({
    spec: { ...defined({ enabled, variables }), steps },
    children: childSpecs,
    ...defined({ media, device, collection }),
    phase,
    readOnly: { _SMSTSMachineName: 'pc1', ...defined({ _SMSTSMediaType: mediaType }) },
    environment: { HOME: '/root' },
    outcomes: table,
  }));
