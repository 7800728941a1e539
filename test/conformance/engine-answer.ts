import type { StepReport } from '@muster/sequence/report.js';
import { type Simulation, simulate } from '@muster/sequence/simulate.js';
import { visibleVariables } from '@muster/sequence/variables.js';
import { type Answer, type Fact, ROOT_NAME, type Scenario, type StepFact, tableOf } from './scenario.js';

/** Of the engine's own variables: what steps leave behind. */
const COMPARED = /^_SMSTS(Last.*|CurrentActionName|InWinPE|MachineName|MediaType)$/i;

const NOW = '2026-01-01T00:00:00.000Z';

/** Lets the real engine simulate a scenario. */
export function simulateScenario(scenario: Scenario, onExecute?: (path: string, reports: number) => void): Simulation {
  const { spec, children, media, device, collection, phase, readOnly, environment } = scenario;
  const outcome = tableOf(scenario);
  return simulate(
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: ROOT_NAME, spec },
      children,
      variables: { media, device, collection },
      facts: { phase, readOnly, environment },
    },
    (effect, run) => {
      onExecute?.(effect.path, run.reportNumber);
      return outcome(effect.name);
    },
    NOW,
    { maximumEvents: 20_000 },
  );
}

/** What the real engine makes of a scenario, in the words of the comparison. */
export function engineAnswer(scenario: Scenario): Answer {
  const executedAt: number[] = [];
  const { reports, executed, entries, finished, run } = simulateScenario(scenario, (_path, at) => executedAt.push(at));
  const targets = entries.flatMap(({ event }) => (event.type === 'restart-completed' ? [event.phase] : []));
  const facts: Fact[] = [];
  let done = 0;
  for (const report of reports) {
    while ((executedAt[done] ?? Infinity) < report.number) {
      const effect = executed[done++];
      if (effect) facts.push({ execute: effect.path, attempt: effect.attempt, settings: effect.settings });
    }
    if (report.event === 'step-finished') facts.push(stepFact(report));
    if (report.result === 'restart-pending') facts.push({ restart: targets.shift() ?? 'FullOS' });
  }
  const shown = visibleVariables(run.variables).filter(({ name }) => !name.startsWith('_') || COMPARED.test(name));
  const variables = shown.map(({ name, value, secret }): [string, string] => [
    name.toLowerCase(),
    secret ? `${value} *` : value,
  ]);
  const total = reports.find((report) => report.event === 'run-started')?.total ?? 0;
  return {
    total,
    facts,
    result: finished?.result ?? 'unfinished',
    exitCode: finished?.exitCode ?? 0,
    ...(finished?.code === undefined ? {} : { code: finished.code }),
    variables: Object.fromEntries(variables.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function stepFact(report: StepReport): StepFact {
  const { path = '', outcome = 'skipped', reason, code, exitCode, continuedOnError, attempt } = report;
  return {
    path,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(continuedOnError ? { continuedOnError } : {}),
    ...(attempt === undefined ? {} : { attempt }),
  };
}
