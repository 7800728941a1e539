import { setTimeout as delay } from 'node:timers/promises';
import type { InstallApplicationSettings } from '@muster/sequence/steps/install-application/definition.js';
import { LIST_DIGITS, readDynamicList } from '@muster/sequence/steps/install-package/dynamic-list.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { ListOutcome } from '../install-package/list-outcome.js';
import type { StepFailure } from '../install-package/run-program.js';
import { type InstallationResult, installApplication } from './install.js';

/** Milliseconds between two tries when OSDAppInstallRetryTimeout says nothing, and at most. */
const pauseMilliseconds = { default: 30_000, maximum: 3_600_000 } as const;
const maximumRetries = 100;

/** One entry of the list; `variable` names where it came from when the list is dynamic. */
interface Entry {
  readonly name: string;
  readonly variable?: string;
}

/**
 * Install Application: all applications of the list in their order. `_TSAppInstallStatus` is Undefined while it runs, and then
 *
 * | status | when |
 * |---|---|
 * | Success | all are there |
 * | Warning | a name of the dynamic list was left out, or requirements do not hold and that is to be a warning |
 * | Error | one failed, even where the step goes on with the others and succeeds |
 */
export async function executeInstallApplication(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as InstallApplicationSettings;
  const outcome = new ListOutcome(context);
  setStatus('Undefined', context);
  if (settings.clearCache === true)
    outcome.tell('clearCache has no effect: the cache of the agent keeps its own order');
  const entries = entriesOf(settings, context);
  if (entries.length === 0) outcome.tell(`${settings.listVariable}01 is not set: nothing to install`);
  const goOn = settings.continueOnInstallError === true;
  let failed = false;
  let warned: StepFailure | undefined;
  for (const entry of entries) {
    const result = await installEntry(entry, goOn ? 0 : retriesOf(context), outcome, context);
    if (!('failure' in result)) continue;
    const { failure } = result;
    if (failure.code === 'step.stopped') return outcome.failed(failure);
    const leftOut = entry.variable !== undefined && result.kind === 'unknown-name';
    if (leftOut || (result.kind === 'unmet' && settings.whenNotApplicable === 'warn')) {
      warned ??= failure;
    } else {
      failed = true;
      if (!goOn) {
        setStatus('Error', context);
        return outcome.failed(failure);
      }
    }
    outcome.warn(`${failure.code}: ${failure.message}`);
  }
  setStatus(failed ? 'Error' : warned ? 'Warning' : 'Success', context);
  const strict = context.variables.read('TSErrorOnWarning')?.value.toLowerCase() === 'true';
  if (!warned || !strict) return outcome.succeeded();
  setStatus('Error', context);
  return outcome.failed({ ...warned, message: `${warned.message} (TSErrorOnWarning is true)` });
}

function entriesOf({ applications, listVariable }: InstallApplicationSettings, context: StepContext): Entry[] {
  if (listVariable === undefined) return (applications ?? []).map((name) => ({ name }));
  const members = readDynamicList(
    listVariable,
    LIST_DIGITS.applications,
    (name) => context.variables.read(name)?.value,
  );
  return members.map(({ variable, value }) => ({ name: value, variable }));
}

/** One application, tried again as OSDAppInstallRetries says. */
async function installEntry(
  entry: Entry,
  retries: number,
  outcome: ListOutcome,
  context: StepContext,
): Promise<InstallationResult> {
  for (let tried = 0; ; tried++) {
    const result = await tryEntry(entry, outcome, context);
    const again = result.kind === 'failed' && tried < retries && result.failure.code !== 'step.stopped';
    if (again || tried > 0)
      context.variables.write({ name: '_SMSTSAppInstallNeedsRetry', value: again ? 'true' : 'false' });
    if (!again) return result;
    outcome.tell(`${entry.name}: once more`);
    await delay(pauseOf(context), undefined, { signal: context.signal });
  }
}

async function tryEntry(
  { name, variable }: Entry,
  outcome: ListOutcome,
  context: StepContext,
): Promise<InstallationResult> {
  const result = await installApplication(name, context);
  for (const line of result.lines) outcome.tell(line);
  for (const warning of result.warnings) outcome.warn(warning);
  for (const exitCode of result.exitCodes) outcome.noteExitCode(exitCode);
  return 'failure' in result ? { ...result, failure: named(result.failure, variable) } : result;
}

function named(failure: StepFailure, variable: string | undefined): StepFailure {
  return variable === undefined ? failure : { ...failure, message: `${variable}: ${failure.message}` };
}

function setStatus(status: 'Undefined' | 'Error' | 'Warning' | 'Success', context: StepContext): void {
  context.variables.write({ name: '_TSAppInstallStatus', value: status });
}

function retriesOf(context: StepContext): number {
  return Math.min(wholeNumber('OSDAppInstallRetries', context) ?? 0, maximumRetries);
}

function pauseOf(context: StepContext): number {
  const wanted = wholeNumber('OSDAppInstallRetryTimeout', context) ?? pauseMilliseconds.default;
  return Math.min(wanted, pauseMilliseconds.maximum);
}

/** A whole number in a variable; undefined when there is none. */
function wholeNumber(name: string, context: StepContext): number | undefined {
  const text = context.variables.read(name)?.value.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
