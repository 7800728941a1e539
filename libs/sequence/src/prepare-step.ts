import type { z } from 'zod';
import { expandDeep } from './expand.js';
import type { Instruction, StepInstruction } from './plan.js';
import type { ReportReason } from './report.js';
import type { Run } from './run.js';
import type { StepDefinition } from './steps/definition.js';
import { writtenSettings } from './steps/written-settings.js';
import { stepDefinition } from './steps/registry.js';
import { sealedSecretName } from './edit/sealed-reference.js';
import { nameKey } from './names.js';
import { readKey, sortSecrets } from './variables.js';

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
  const written = writtenSettings(definition, step.settings);
  if ('error' in written) return refuse('error', 'step.invalid-settings', firstProblem(written.error));

  const overrides = overridesOf(definition).filter(({ key }) => readKey(run.variables, key) !== undefined);
  if (overrides.length === 0 && written.expandable.length === 0) {
    const secrets = withSettingSecrets(run.variables.secrets, definition, written.settings);
    return { definition, settings: written.settings, secret: false, secrets, warnings: noWarnings };
  }
  const settings: Record<string, unknown> = { ...written.settings };
  for (const { setting, variable } of overrides) settings[setting] = `%${variable}%`;
  const scope = { store: run.variables, locals: localsOf(definition, written.settings), environment: run.environment };
  let secret = false;
  const undefinedNames: string[] = [];
  for (const setting of new Set([...written.expandable, ...overrides.map((override) => override.setting)])) {
    const whenUndefined = definition.literalSettings?.includes(setting) ? 'literal' : 'empty';
    const expansion = expandDeep(settings[setting], scope, whenUndefined);
    settings[setting] = expansion.value;
    secret ||= expansion.secret;
    undefinedNames.push(...expansion.undefinedNames);
  }
  if (undefinedNames.some((name) => sealedSecretName(`%${name}%`) !== undefined)) {
    // An empty password in its place would do something else than its author meant.
    return refuse(
      'error',
      'step.secret-missing',
      'a secret of the step is sealed at a site, and this run does not have it: let the site deploy the sequence, or write the secret',
    );
  }
  const secrets = withSettingSecrets(run.variables.secrets, definition, settings);
  const warnings = [...new Set(undefinedNames)].map((name) => `nothing defines %${name}%`);
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

/** A setting whose place a variable takes where it exists. */
interface Override {
  readonly setting: string;
  readonly variable: string;
  readonly key: string;
}

const overridesByType = new Map<StepDefinition, readonly Override[]>();
const noWarnings: readonly string[] = [];

function overridesOf(definition: StepDefinition): readonly Override[] {
  let overrides = overridesByType.get(definition);
  if (!overrides) {
    overrides = Object.entries(definition.variables ?? {}).map(([setting, variable]) => ({
      setting,
      variable,
      key: nameKey(variable),
    }));
    overridesByType.set(definition, overrides);
  }
  return overrides;
}

/** Settings that are seen as variables while the step runs, by the name authors use. */
function localsOf(definition: StepDefinition, settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const locals: Record<string, string> = {};
  for (const { setting, variable } of overridesOf(definition)) {
    const value = settings[setting];
    if (typeof value === 'string') locals[variable] = value;
  }
  return locals;
}

function withSettingSecrets(
  secrets: readonly string[],
  definition: StepDefinition,
  settings: Readonly<Record<string, unknown>>,
): readonly string[] {
  if (!definition.secretSettings) return secrets;
  const own = definition.secretSettings.flatMap((setting) => {
    const value = valueAt(settings, setting.split('.'));
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return own.length === 0 ? secrets : sortSecrets([...secrets, ...own]);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
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
