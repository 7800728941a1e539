import type { z } from 'zod';
import { expandDeep } from './expand.js';
import type { Instruction, StepInstruction } from './plan.js';
import type { ReportReason } from './report.js';
import type { Run } from './run.js';
import type { StepDefinition } from './steps/definition.js';
import { stepDefinition } from './steps/registry.js';
import { readVariable, sortSecrets } from './variables.js';

/** A step that may run now, its settings expanded and checked; or why it cannot. */
export type PreparedStep =
  | {
      readonly definition: StepDefinition;
      readonly settings: unknown;
      /** A secret went into the settings. */
      readonly secret: boolean;
      /** All secrets of the run and those of the settings, longest first. */
      readonly secrets: readonly string[];
      readonly warnings: readonly string[];
    }
  | { readonly problem: { readonly reason: ReportReason; readonly code: string; readonly message: string } };

/**
 * Order: environment, type, normalisation, settings overridden by globals (steps.md section 10), `%NAME%`, schema.
 * Depends on nothing but its arguments: called again after a crash it gives the same.
 */
export function prepareStep(run: Run, instruction: Instruction & { readonly step: StepInstruction }): PreparedStep {
  const { step } = instruction;
  if (step.runIn !== 'Any' && step.runIn !== run.phase) {
    return refuse(
      'wrong-environment',
      'step.wrong-environment',
      `the step runs in ${step.runIn} only; the computer is in ${run.phase}`,
    );
  }
  const definition = stepDefinition(step.type);
  if (!definition) return refuse('error', 'step.type-unknown', `this agent does not know the step type ${step.type}`);
  const written = asWritten(step, definition);
  if ('problem' in written) return refuse('error', 'step.invalid-settings', written.problem);

  const settings: Record<string, unknown> = { ...written.settings };
  const locals: Record<string, string> = {};
  for (const [setting, variable] of Object.entries(definition.variables ?? {})) {
    const global = readVariable(run.variables, variable);
    if (global) settings[setting] = `%${variable}%`;
    else if (typeof settings[setting] === 'string') locals[variable] = settings[setting];
  }

  const scope = { store: run.variables, locals, environment: run.environment };
  let secret = false;
  let changed = false;
  const undefinedNames: string[] = [];
  for (const [setting, value] of Object.entries(settings)) {
    if (definition.unexpandedSettings?.includes(setting)) continue;
    const expansion = expandDeep(value, scope, definition.literalSettings?.includes(setting) ? 'literal' : 'empty');
    changed ||= expansion.value !== value || value !== written.settings[setting];
    settings[setting] = expansion.value;
    secret ||= expansion.secret;
    undefinedNames.push(...expansion.undefinedNames);
  }
  const secrets = withSettingSecrets(run.variables.secrets, definition, settings);
  const warnings = [...new Set(undefinedNames)].map((name) => `nothing defines %${name}%`);
  if (!changed) return { definition, settings: written.settings, secret, secrets, warnings };
  const expanded = definition.settingsSchema.safeParse(settings);
  if (!expanded.success) {
    const code = customCode(expanded.error);
    return refuse(
      'error',
      typeof code === 'string' ? code : 'step.invalid-settings',
      `after replacing variables: ${firstProblem(expanded.error)}`,
    );
  }
  return { definition, settings: expanded.data, secret, secrets, warnings };
}

type WrittenSettings = { readonly settings: Record<string, unknown> } | { readonly problem: string };

/** Settings as written, checked and normalised; the same for every visit of the step, so it is done once. */
const writtenSettings = new WeakMap<StepInstruction, WrittenSettings>();

function asWritten(step: StepInstruction, definition: StepDefinition): WrittenSettings {
  let written = writtenSettings.get(step);
  if (!written) {
    const parsed = definition.settingsSchema.safeParse(step.settings);
    written = parsed.success
      ? { settings: (definition.normalize?.(parsed.data) ?? parsed.data) as Record<string, unknown> }
      : { problem: firstProblem(parsed.error) };
    writtenSettings.set(step, written);
  }
  return written;
}

function withSettingSecrets(
  secrets: readonly string[],
  definition: StepDefinition,
  settings: Readonly<Record<string, unknown>>,
): readonly string[] {
  const own = (definition.secretSettings ?? []).flatMap((setting) => {
    const value = settings[setting];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return own.length === 0 ? secrets : sortSecrets([...secrets, ...own]);
}

function refuse(reason: ReportReason, code: string, message: string): PreparedStep {
  return { problem: { reason, code, message } };
}

function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `settings/${issue.path.join('/')}: ${issue.message}` : 'the settings are not valid';
}

/** The code a schema of ours gave to its finding, e.g. `variable.read-only`. */
function customCode(error: z.ZodError): unknown {
  const issue = error.issues[0];
  return issue?.code === 'custom' ? issue.params?.['code'] : undefined;
}
