import { isAbsolute, join } from 'node:path';
import {
  type ContentKind,
  type DownloadPackageContentSettings,
  wantedContent,
} from '@muster/sequence/steps/download-package-content/definition.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { StepError } from '../step-error.js';
import { ListOutcome, attempt } from '../install-package/list-outcome.js';
import { copyContent } from './copy-content.js';

/** Download Package Content: each package in its order, then its folder in `<variable>01`, `<variable>02`, … */
export async function executeDownloadPackageContent(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as DownloadPackageContentSettings;
  const place = placeOf(settings, context);
  const wanted = wantedContent(settings);
  const outcome = new ListOutcome(context);
  for (const [index, content] of wanted.entries()) {
    const got = await attempt(context, () => bring(content, place, context));
    const label = content.kind === 'Package' ? `"${content.name}"` : `"${content.name}" (${content.kind})`;
    if ('value' in got) {
      setVariable(settings.variable, index + 1, got.value, context);
      outcome.tell(`${content.name}: ${got.value}`);
      continue;
    }
    const { failure } = got;
    setVariable(settings.variable, index + 1, '', context);
    outcome.tell(`${content.name}: ${failure.code}`);
    if (settings.continueOnDownloadError === false)
      return outcome.failed({ ...failure, message: `content of ${label}: ${failure.message}` });
    outcome.warn(`${failure.code}: content of ${label}: ${failure.message}`);
  }
  // A longer list of an earlier step must not seem to go on behind this one.
  setVariable(settings.variable, wanted.length + 1, '', context);
  return outcome.succeeded();
}

/** Where the packages go; undefined: they stay in the cache. */
function placeOf({ destination, path }: DownloadPackageContentSettings, context: StepContext): string | undefined {
  switch (destination ?? 'taskSequenceWorkingDirectory') {
    case 'clientCache':
      if (context.phase === 'PE') {
        const message = 'the client cache is not there in PE: use taskSequenceWorkingDirectory or path';
        throw new StepError('content.destination-invalid', message);
      }
      return undefined;
    case 'path':
      if (path === undefined || !isAbsolute(path)) {
        const message = `the path "${path ?? ''}" is not absolute: name a folder from the root on`;
        throw new StepError('content.destination-invalid', message);
      }
      return path;
    default:
      return join(context.folder, 'content');
  }
}

async function bring(
  { kind, name }: { readonly kind: ContentKind; readonly name: string },
  place: string | undefined,
  context: StepContext,
): Promise<string> {
  const { folder } = await context.content.fetch({ package: name, kind }, context.signal);
  return place === undefined ? folder : copyContent(folder, place, name, context.signal);
}

/** Sets `<base>NN`; an empty value deletes what an earlier step left there. */
function setVariable(base: string | undefined, number: number, value: string, context: StepContext): void {
  if (base === undefined || base === '') return;
  const name = `${base}${String(number).padStart(2, '0')}`;
  if (value !== '' || context.variables.read(name)) context.variables.set(name, value);
}
