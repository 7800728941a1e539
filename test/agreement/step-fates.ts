import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import type { PolicyBody, PolicyVariables } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceExplanation } from '@muster/sequence/explain.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { simulate } from '@muster/sequence/simulate.js';
import type { VariableInput } from '@muster/sequence/variables.js';
import { explainBody, type ExplainedRun, maskedVariables } from '../../apps/policy/src/explain/explain-told.js';
import { assumedExitCode } from '../../libs/sequence/src/success-codes.js';
import { planOfRun } from '../../libs/sequence/src/plan-of-run.js';
import { scenarios } from '../conformance/random-sequences.js';
import { interpret } from '../conformance/reference-interpreter.js';
import { ROOT_NAME, type Scenario } from '../conformance/scenario.js';

/** What becomes of one step; a run that cannot begin has its code instead. */
type Fate = 'will-run' | 'skipped' | 'blocked' | 'not-reached';
interface Fates {
  readonly result: string;
  readonly steps: Readonly<Record<string, Fate>>;
}

/** The run as the site and the computer know it. */
const RUN: ExplainedRun & { readonly deployment: string; readonly organisation: string } = {
  device: { name: 'pc1', uid: '0199f3ab-12cd-7000-8000-000000000001' },
  site: 'S01',
  deployment: 'harden-web',
  organisation: 'Example Works',
};
/** A step asks for no more tries than this. */
const TRIES = 40;

/**
 * Compares random sequences with variables of a device and of collections, every step assumed to succeed: what `muster explain --device` says
 * becomes of each step, what the engine of the agent makes of it, and what a reference says that was written from the specification.
 * Undefined: all agree.
 *
 * @param reached counts how many steps met each fate
 */
export function findStepDisagreement(
  seed: number,
  count: number,
  reached = new Map<string, number>(),
): string | undefined {
  for (const [index, scenario] of fc.sample(scenarios, { numRuns: count, seed }).entries()) {
    const one = toldOnly(scenario);
    if (!one) continue;
    const said = { explain: explained(one), agent: ran(one), reference: interpreted(one) };
    for (const fate of Object.values(said.reference.steps)) reached.set(fate, (reached.get(fate) ?? 0) + 1);
    if (!isDeepStrictEqual(said.explain, said.reference) || !isDeepStrictEqual(said.agent, said.reference))
      return `seed ${seed}, sequence ${index}:\n${JSON.stringify({ said, one }, undefined, 2)}`;
  }
  return undefined;
}

/** The scenario as policy could tell it, with all steps succeeding; undefined: steps of one name succeed in different ways. */
function toldOnly(scenario: Scenario): Scenario | undefined {
  const codes = new Map<string, number>();
  const specs = [scenario.spec, ...Object.values(scenario.children)];
  if (!specs.every(({ steps }) => noteCodes(steps, codes))) return undefined;
  return {
    spec: scenario.spec,
    children: scenario.children,
    device: open(scenario.device),
    collection: open(scenario.collection),
    phase: 'FullOS',
    readOnly: {
      _SMSTSMachineName: RUN.device.name,
      _SMSTSLaunchMode: 'SMS',
      _SMSTSSiteCode: RUN.site,
      _SMSTSClientGUID: RUN.device.uid,
      _SMSTSAdvertID: RUN.deployment,
      _SMSTSOrgName: RUN.organisation,
    },
    environment: {},
    outcomes: Object.fromEntries(
      [...codes].map(([name, exitCode]) => [name, Array.from({ length: TRIES }, () => ({ exitCode }))]),
    ),
  };
}

/** What each step succeeds with, by its name. */
function noteCodes(nodes: readonly SequenceNode[], codes: Map<string, number>): boolean {
  return nodes.every((node) => {
    if ('group' in node) return noteCodes(node.steps, codes);
    if (!('step' in node)) return true;
    const success = node.successCodes ?? [0, 3010];
    const code = success.includes(0) ? 0 : success[0]!;
    if ((codes.get(node.step) ?? code) !== code) return false;
    codes.set(node.step, code);
    return true;
  });
}

/** The site masks what is hidden: conditions on it have another answer there, and say so. */
function open(input: VariableInput | undefined): VariableInput {
  return Object.fromEntries(
    Object.entries(input ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : value.value]),
  );
}

/** Variables as policy tells them: behind the collection that wins, one that is weaker has the same names. */
function policyVariables({ device, collection }: Scenario): PolicyVariables {
  const listed = (input: VariableInput | undefined) =>
    Object.entries(input ?? {}).map(([name, value]) => ({ name, value: String(value) }));
  const weaker = listed(collection).map(({ name }) => ({ name, value: 'weaker' }));
  return {
    device: listed(device),
    collections: [
      { name: 'a-weak', priority: 2, variables: weaker },
      { name: 'z-strong', priority: 7, variables: listed(collection) },
    ],
  } as PolicyVariables;
}

function explained(one: Scenario): Fates {
  const children = Object.entries(one.children).map(([name, spec]) => [name, { digest: digestOf(spec), spec }]);
  const body = {
    sequence: { name: ROOT_NAME, spec: one.spec },
    children: Object.fromEntries(children),
    packages: {},
  } as unknown as PolicyBody;
  return fatesOf(explainBody(body, maskedVariables(policyVariables(one)), undefined, RUN), one);
}

function fatesOf({ problem, nodes, result }: SequenceExplanation, one: Scenario): Fates {
  if (problem) return { result: problem.code, steps: {} };
  const seen = interpreted(one).steps;
  const steps = nodes
    .filter(({ kind }) => kind === 'step')
    .map(({ path, verdict, reason }) => {
      // What is disabled behind a failure is both: explain says the first, reports the second.
      const both = verdict === 'skipped' && reason === 'disabled' && seen[path] === 'not-reached';
      return [path, both ? 'not-reached' : verdict];
    });
  return { result: result ?? 'unfinished', steps: Object.fromEntries(steps) as Fates['steps'] };
}

/** The engine as the agent drives it, with the outcomes of `muster run --simulate`. */
function ran(one: Scenario): Fates {
  const { told } = { told: maskedVariables(policyVariables(one)) };
  const started = {
    type: 'run-started' as const,
    runId: 'r',
    sequence: { name: ROOT_NAME, spec: one.spec },
    children: one.children,
    variables: told,
    facts: { phase: 'FullOS' as const, readOnly: one.readOnly },
  };
  const { plan, problem } = planOfRun(started);
  if (problem) return { result: problem.code, steps: {} };
  const { reports, executed, finished } = simulate(
    started,
    ({ position }) => ({ exitCode: assumedExitCode(plan.instructions[position]!) }),
    '2026-01-01T00:00:00.000Z',
  );
  const begun = new Set(executed.map(({ path }) => path));
  const ended = reports.filter(({ event }) => event === 'step-finished');
  const steps = ended.map(({ path = '', outcome, reason }: StepReport) => [
    path,
    fate(outcome ?? '', reason, begun.has(path)),
  ]);
  return { result: finished?.result ?? 'unfinished', steps: Object.fromEntries(steps) as Fates['steps'] };
}

function interpreted(one: Scenario): Fates {
  const { facts, result, code, total } = interpret(one);
  const begun = new Set(facts.flatMap((fact) => ('execute' in fact ? [fact.execute] : [])));
  const steps = facts.flatMap((fact) =>
    'path' in fact ? [[fact.path, fate(fact.outcome, fact.reason, begun.has(fact.path))]] : [],
  );
  if (total === 0 && steps.length === 0 && code !== undefined) return { result: code, steps: {} };
  return { result, steps: Object.fromEntries(steps) as Fates['steps'] };
}

function fate(outcome: string, reason: string | undefined, begun: boolean): Fate {
  if (outcome === 'skipped') return reason === 'abandoned' || reason === 'run-failed' ? 'not-reached' : 'skipped';
  return outcome === 'failed' && !begun ? 'blocked' : 'will-run';
}
