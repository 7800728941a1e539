import { type Finding, nearest } from '../findings.js';
import type { SequenceSpec } from '../model.js';
import { checkSchema } from '../schema-findings.js';
import { buildAndCapture } from './build-and-capture.js';
import { captureRestoreUserState } from './capture-restore-user-state.js';
import { custom } from './custom.js';
import { installImage } from './install-image.js';
import type { SequenceTemplate, TemplateSummary } from './template.js';
import { upgrade } from './upgrade.js';
import { virtualDisk } from './virtual-disk.js';

const TEMPLATES = [
  installImage,
  buildAndCapture,
  upgrade,
  captureRestoreUserState,
  virtualDisk,
  custom,
] as readonly unknown[] as readonly SequenceTemplate[];

/** Every template there is, with its parameters, those that must be given first. */
export function templateSummaries(): TemplateSummary[] {
  return TEMPLATES.map(({ name, title, help, parameters }) => ({
    name,
    title,
    help,
    parameters: parametersOf(parameters),
  }));
}

/**
 * The specification that a template makes of its parameters; or everything that is wrong with them.
 *
 * @param path JSON pointer of the parameters, put before every finding
 */
export function makeSequence(
  template: string,
  parameters: unknown,
  path = '/parameters',
): { readonly spec: SequenceSpec } | { readonly findings: readonly Finding[] } {
  const found = TEMPLATES.find(({ name }) => name === template);
  if (!found) return { findings: [unknownTemplate(template)] };
  const findings = checkSchema(found.parameters, parameters, path);
  if (findings.length > 0) return { findings };
  return { spec: found.build(found.parameters.parse(parameters)) };
}

function unknownTemplate(template: string): Finding {
  const names = TEMPLATES.map(({ name }) => name);
  const near = nearest(template, names);
  return {
    path: '/template',
    code: 'template.unknown',
    severity: 'error',
    message: `there is no template "${template.slice(0, 100)}"`,
    fix: near ? `did you mean ${near}?` : `templates: ${names.join(', ')}`,
  };
}

function parametersOf(schema: SequenceTemplate['parameters']): TemplateSummary['parameters'] {
  const shape = 'shape' in schema ? (schema.shape as Record<string, SequenceTemplate['parameters']>) : {};
  return Object.entries(shape)
    .map(([name, field]) => ({
      name,
      required: !field.safeParse(undefined).success,
      description: field.meta()?.description ?? '',
    }))
    .sort((a, b) => Number(b.required) - Number(a.required));
}
