import type { ProbeAnswer, WorldExpression } from '@muster/sequence/conditions/model.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import type { ExecuteEffect, Run, RunStarted } from '@muster/sequence/run.js';
import type { SimulatedOutcome } from '@muster/sequence/simulate.js';
import { type Assignment, readVariable } from '@muster/sequence/variables.js';

/** How a step that a performer executes ends. */
export type Outcome = Exclude<SimulatedOutcome, 'interrupted'>;

const run = (step: string, more: object = {}): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `/bin/${step.replaceAll(' ', '-')} --ring %Ring% --base %Base%` },
  ...more,
});
const set = (step: string, name: string, value: string, more: object = {}): SequenceNode => ({
  step,
  type: 'SetTaskSequenceVariable',
  settings: { name, value },
  ...more,
});
const lastAction = (field: 'Name' | 'RetCode' | 'Succeeded', value: string) => ({
  variable: `_SMSTSLastAction${field}`,
  operator: 'equals' as const,
  value,
});

const again = { repeatable: true };
const absorbed = { continueOnError: true };

/**
 * A sequence with one of everything that a crash could upset: failures absorbed by a step, a group and a child sequence, a retry,
 * restarts asked for by an exit code and by a script that wants to run again, variables written by the engine and by
 * scripts, conditions on the step before and on the computer, steps that are repeatable and steps that are not.
 */
const spec: SequenceSpec = {
  variables: { Ring: 'pilot', Order: '0' },
  steps: [
    {
      group: 'Prepare',
      ...absorbed,
      steps: [
        set('set base', 'Base', 'base of %Ring%'),
        run('read serial', again),
        run('check disk', { condition: { variable: 'Serial', operator: 'exists' } }),
        { group: 'Fragile', steps: [run('breaks'), run('never reached')] },
        run('abandoned'),
      ],
    },
    set('note failure', 'Failed', '%_SMSTSLastActionName%', { condition: lastAction('Succeeded', 'false') }),
    run('flaky download', { ...again, retry: { attempts: 3, backoffSeconds: 5 } }),
    run('flaky install', { ...absorbed, retry: { attempts: 2 } }),
    run('repair', { ...again, condition: lastAction('Succeeded', 'false') }),
    {
      group: 'Install',
      steps: [
        run('install kernel', absorbed),
        run('after the restart', { ...again, condition: lastAction('RetCode', '3010') }),
        run('without the restart', { condition: { none: [lastAction('RetCode', '3010')] } }),
        run('disabled', { disabled: true }),
        {
          group: 'Firmware',
          condition: { all: [{ file: '/firmware/%Serial%' }, { variable: 'Base', operator: 'like', value: 'base*' }] },
          steps: [
            run('two passes', again),
            set('count pass', 'Passes', '%Passes%+', { condition: lastAction('Name', 'two passes') }),
            run('verify firmware', absorbed),
          ],
        },
      ],
    },
    { sequence: 'harden', ...absorbed },
    run('not on this computer', { condition: { folder: '/nowhere' } }),
    run('register', { ...again, settings: { command: '/bin/register %Serial% %Token% %Order%' } }),
    set('order 1', 'Order', '%Order%1'),
    set('order 2', 'Order', '%Order%2'),
    run('label', { condition: { file: '/labels/%Order%' } }),
    run('clean up', { ...again, ...absorbed }),
    set('done', 'Done', 'yes'),
    run('say goodbye', again),
  ],
};

const harden: SequenceSpec = {
  variables: { Level: 'high' },
  steps: [
    set('child base', 'Base', '%Base% and child', {
      condition: { variable: 'Level', operator: 'equals', value: 'high' },
    }),
    run('make token', again),
    { group: 'Rules', steps: [run('rule 1', absorbed), run('rule 2', again), run('rule 3')] },
    run('rules failed', { condition: lastAction('Succeeded', 'false') }),
  ],
};

/** Steps that must never be executed twice for one state of the run. */
export const notRepeatable: ReadonlySet<string> = new Set(
  [...stepsOf(spec.steps), ...stepsOf(harden.steps)].filter(({ repeatable }) => !repeatable).map(({ step }) => step),
);

function stepsOf(nodes: readonly SequenceNode[]): { step: string; repeatable?: boolean | undefined }[] {
  return nodes.flatMap((node) => ('steps' in node ? stepsOf(node.steps) : 'step' in node ? [node] : []));
}

/** The first event of the run. */
export const started: RunStarted = {
  type: 'run-started',
  runId: 'crashing',
  sequence: { name: 'crash enumeration', spec },
  children: { harden },
  variables: { device: { Site: 'north' }, collection: { Ring: 'broad' } },
  facts: { phase: 'FullOS', readOnly: { _SMSTSMachineName: 'pc-1' } },
};

/**
 * What a step does, from nothing but what it may know: its try and the variables of the run. As a real script it says by
 * variables what it has done already.
 */
export function outcomeOf({ name, attempt, path }: ExecuteEffect, { variables }: Run): Outcome {
  const known = (variable: string): boolean => readVariable(variables, variable) !== undefined;
  const write = (...assignments: Assignment[]): Outcome => ({ exitCode: 0, assignments });
  switch (name) {
    case 'read serial':
      return write({ name: 'Serial', value: 'S-17' });
    case 'make token':
      return write({ name: 'Token', value: 'geheim', secret: true }, { name: 'Order', value: 'x' });
    case 'breaks':
      return { exitCode: 7, output: 'it broke', warnings: ['a warning'] };
    case 'rule 1':
      return { error: { code: 'step.timeout', message: 'killed after 5 s' }, exitCode: 124 };
    case 'flaky download':
      return attempt < 3 ? { exitCode: 1 } : write({ name: 'Downloaded', value: `in try ${attempt}` });
    case 'flaky install':
      return attempt < 2 ? { exitCode: 1 } : { exitCode: 0, output: 'installed' };
    case 'install kernel':
      return { exitCode: 3010, assignments: [{ name: 'Kernel', value: '6.12' }] };
    case 'two passes':
      return known('FirstPass')
        ? write({ name: 'SecondPass', value: 'done' })
        : write(
            { name: 'FirstPass', value: 'done' },
            { name: 'SMSTSRebootRequested', value: 'HD' },
            { name: 'SMSTSRetryRequested', value: 'true' },
          );
    default:
      return { exitCode: 0, output: `done: ${path}` };
  }
}

/** What the computer answers to a condition. */
export function probeOf(question: WorldExpression): ProbeAnswer {
  return { result: 'file' in question && /^\/(firmware\/S-17|labels\/.*12)$/.test(question.file) };
}
