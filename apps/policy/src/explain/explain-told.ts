import type { PolicyBody, PolicyVariables } from '@muster/contracts/agent/policy.js';
import { evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { ProbeAnswer, WorldExpression } from '@muster/sequence/conditions/model.js';
import { explainSequence, type SequenceExplanation } from '@muster/sequence/explain.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { NOT_ASKED } from '@muster/sequence/simulate.js';
import { MASK, type VariableInput } from '@muster/sequence/variables.js';

/** Variables as the engine takes them on the device, a mask in the place of every secret: nothing is opened for an explanation. */
export function maskedVariables(told: PolicyVariables): RunStarted['variables'] {
  const toInput = (variables: PolicyVariables['device']): VariableInput =>
    Object.fromEntries(
      variables.map((one) => [one.name, 'hidden' in one ? { value: MASK, secret: true } : one.value] as const),
    );
  return {
    device: toInput(told.device),
    collections: told.collections.map(({ name, priority, variables }) => ({
      id: name,
      priority,
      variables: toInput(variables),
    })),
    secrets: Object.fromEntries((told.secrets ?? []).map((name) => [name, MASK])),
  };
}

/** What the site knows of a run that a device would begin now. Where the device reaches its site, only the device knows. */
export interface ExplainedRun {
  readonly device: { readonly name: string; readonly uid: string };
  /** Code of the device's site. */
  readonly site: string;
  /** Name of the deployment. */
  readonly deployment?: string | undefined;
  /** As the client settings of the device have it. */
  readonly organisation?: string | undefined;
}

/** By which address its agent reaches the site, and who will ask for the run. */
const ONLY_THE_RUN_KNOWS = ['_SMSTSMP', '_SMSTSMPPort', '_SMSTSUseSSL', '_SMSTSUserStarted'];

/**
 * The fate of each step of a body on the device. Facts queries are answered with what the device last told; what only the
 * computer itself can answer (files, software), and variables that only the run knows, stay unknown.
 * @param run what the site knows of the run that it would be
 */
export function explainBody(
  { sequence, children = {} }: PolicyBody,
  variables: RunStarted['variables'],
  facts: Facts | undefined,
  run: ExplainedRun,
): SequenceExplanation {
  const started: RunStarted = {
    type: 'run-started',
    runId: 'explain',
    sequence,
    children: Object.fromEntries(Object.entries(children).map(([name, { spec }]) => [name, spec])),
    variables,
    facts: {
      phase: 'FullOS',
      readOnly: {
        _SMSTSMachineName: facts?.hostname ?? run.device.name,
        _SMSTSLaunchMode: 'SMS',
        _SMSTSSiteCode: run.site,
        _SMSTSClientGUID: run.device.uid,
        ...(run.deployment === undefined ? {} : { _SMSTSAdvertID: run.deployment }),
        ...(facts?.firmware === 'uefi' ? { _SMSTSBootUEFI: 'true' } : {}),
        ...(run.organisation === undefined ? {} : { _SMSTSOrgName: run.organisation }),
      },
      knownWhenItRuns: facts?.firmware === undefined ? [...ONLY_THE_RUN_KNOWS, '_SMSTSBootUEFI'] : ONLY_THE_RUN_KNOWS,
    },
  };
  return explainSequence(started, { probe: (question) => answer(question, facts) });
}

function answer(question: WorldExpression, facts: Facts | undefined): ProbeAnswer {
  if (!('facts' in question) || facts === undefined) return NOT_ASKED;
  const answered = evaluateFactsQuery(question.facts, facts);
  if ('result' in answered) return answered;
  const message = `the facts query has no answer here: ${answered.problem}`;
  return { error: { code: 'condition.query-failed', message } };
}
