import type { StepNode } from '@muster/sequence/model.js';
import { isForeignStepType } from '@muster/sequence/steps/foreign-step.js';
import type { FindingPlace } from '../findings.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import type { SequenceImport } from '../sequence-import.js';
import type { SourceStep } from '../source/source-step.js';
import type { StepFrame } from './step-frame.js';

/** Attributes that every node has a place for. */
const framed = new Set(['type', 'name', 'description', 'disable', 'continueonerror', 'expand']);

/**
 * A step that keeps its type, with all it had as raw settings: `action`, `variables` (each with its name, property, value and hidden
 * mark) and `attributes`. Secrets are taken out.
 */
export function foreignStep(step: SourceStep, frame: StepFrame, place: FindingPlace, into: SequenceImport): StepNode {
  const variables = step.properties.map(({ name, property, value, hidden }) => {
    const secret = (isSecretName(name) || isSecretName(property)) && !isNoSecret(value);
    if (secret) into.secret(place, `setting ${property}`, undefined, value);
    return {
      name,
      ...(property === name ? {} : { property }),
      value: secret ? '' : value,
      ...(hidden ? { hidden } : {}),
    };
  });
  const attributes = [...step.element.attributes.values()].filter(({ name }) => !framed.has(name.toLowerCase()));
  const type = foreignType(step.type);
  const settings = {
    ...(type === step.type || step.type === '' ? {} : { originalType: step.type }),
    ...(step.action === '' ? {} : { action: step.action }),
    ...(variables.length > 0 ? { variables } : {}),
    ...(attributes.length > 0
      ? { attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])) }
      : {}),
  };
  return { ...frame, type, settings: into.scrub(settings, place, 'a raw setting') };
}

/** Types of other products have an underscore here; those that have none get one. */
function foreignType(type: string): string {
  if (isForeignStepType(type)) return type;
  const plain = type.replace(/[^A-Za-z0-9]+/g, '').slice(0, 80);
  return plain === '' ? 'Untyped_Step' : `Foreign_${plain}`;
}
