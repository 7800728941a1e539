import type { Condition } from '@muster/sequence/conditions/model.js';
import { LIMITS } from '@muster/sequence/limits.js';
import type { RunIn } from '@muster/sequence/model.js';
import { mapCondition } from './conditions/map-condition.js';
import { quote, type FindingPlace } from './findings.js';
import { isNoSecret, isSecretName } from './secrets.js';
import type { SequenceImport } from './sequence-import.js';
import type { SourceStep } from './source/source-step.js';
import { booleanOf } from './steps/fields.js';
import type { StepFrame } from './steps/step-frame.js';
import { attribute, childrenNamed, type XmlElement } from './xml/xml-element.js';
import { lookup } from './lookup.js';

/** What groups, steps and calls have in common. */
export type Common = {
  description?: string;
  disabled?: boolean;
  continueOnError?: boolean;
  condition?: Condition;
};

/** Description, switches and condition of a node. */
export function commonOf(element: XmlElement, place: FindingPlace, into: SequenceImport): Common {
  const common: Common = {};
  const description = (attribute(element, 'description') ?? '').trim();
  if (description !== '') {
    const short = shortened(description, LIMITS.descriptionLength, 'description', place, into);
    common.description = into.scrub(short, place, 'the description');
  }
  if (switchOf(element, 'disable', place, into)) {
    common.disabled = true;
    into.disabled++;
  }
  if (switchOf(element, 'continueonerror', place, into)) common.continueOnError = true;
  const [condition, ...others] = childrenNamed(element, 'condition');
  if (!condition) return common;
  into.conditions++;
  for (const other of others) reportElement(other, place, into);
  const mapped = mapCondition(condition, {
    expression: (type) => into.expressions.set(type, (into.expressions.get(type) ?? 0) + 1),
    note: (code, message, fix) => into.find(place, 'note', code, message, fix),
    standIn: () => into.standIn(),
  });
  if (mapped) common.condition = into.scrub(mapped, place, 'the condition');
  return common;
}

/** A switch of a node. */
export function switchOf(element: XmlElement, name: string, place: FindingPlace, into: SequenceImport): boolean {
  const written = (attribute(element, name) ?? '').trim();
  if (written === '') return false;
  const known = booleanOf(written) ?? lookup({ '1': true, '0': false, yes: true, no: false }, written.toLowerCase());
  if (known !== undefined) return known;
  into.find(
    place,
    'note',
    'import.invalid-value',
    `${name} is "${quote(written)}", neither true nor false; taken as false`,
  );
  return false;
}

/** A text, cut where it is longer than ours may be. */
export function shortened(
  text: string,
  limit: number,
  what: string,
  place: FindingPlace,
  into: SequenceImport,
): string {
  if (text.length <= limit) return text;
  const message = `the ${what} has ${text.length} characters and is cut to ${limit}; it was: ${text.slice(0, 2000)}`;
  into.find(place, 'note', 'import.text-shortened', message);
  return `${text.slice(0, limit - 1)}…`;
}

const environments: Readonly<Record<string, RunIn>> = { winpe: 'PE', fullos: 'FullOS', winpeandfullos: 'Any' };

/** Where a step runs; undefined means everywhere. */
export function runInOf(element: XmlElement, place: FindingPlace, into: SequenceImport): RunIn | undefined {
  const written = (attribute(element, 'runin') ?? '').trim();
  if (written === '') return undefined;
  const known = lookup(environments, written.toLowerCase());
  if (known === undefined)
    into.find(place, 'note', 'import.invalid-value', `runIn is "${quote(written)}"; taken as both environments`);
  return known === 'Any' ? undefined : known;
}

/** Types whose `retryCount` is about unexpected restarts; their mapping reads the property of that name. */
const retriesOnRestart = /_(InstallApplication|InstallUpdate)Action$/i;

/** Timeout and retries of a step. */
export function timingOf(
  element: XmlElement,
  place: FindingPlace,
  into: SequenceImport,
): Pick<StepFrame, 'timeoutSeconds' | 'retry'> {
  const number = (name: string): number => {
    const written = (attribute(element, name) ?? '').trim();
    if (/^\d{1,9}$/.test(written) || written === '') return Number(written);
    into.find(
      place,
      'note',
      'import.invalid-value',
      `${name} is "${quote(written)}", which is no number; it is left out`,
    );
    return 0;
  };
  const seconds = number('timeout');
  const tries = retriesOnRestart.test(attribute(element, 'type') ?? '') ? 0 : number('retrycount');
  if (seconds > LIMITS.timeoutSeconds || tries >= LIMITS.retryAttempts) {
    const message = `timeout ${seconds} and retryCount ${tries}: cut to ${LIMITS.timeoutSeconds} seconds and ${LIMITS.retryAttempts} tries`;
    into.find(place, 'note', 'import.invalid-value', message);
  }
  return {
    ...(seconds > 0 ? { timeoutSeconds: Math.min(seconds, LIMITS.timeoutSeconds) } : {}),
    ...(tries > 0 ? { retry: { attempts: Math.min(tries + 1, LIMITS.retryAttempts) } } : {}),
  };
}

/** The success codes that a step says; its attribute is what their engine reads. */
export function successCodesOf(
  element: XmlElement,
  step: SourceStep,
  place: FindingPlace,
  into: SequenceImport,
): number[] | undefined {
  const written = (attribute(element, 'successcodelist') ?? '').trim();
  const codes = codesIn(written);
  if (codes === undefined)
    into.find(
      place,
      'note',
      'import.invalid-value',
      `the success codes "${quote(written)}" are no list of numbers; left out`,
    );
  for (const other of [
    attribute(element, 'successcodes'),
    step.properties.find(({ property }) => /^SuccessCodes$/i.test(property))?.value,
  ])
    if (other !== undefined && other.trim() !== '' && other.trim() !== written) {
      const message = `it also has the success codes "${quote(other)}", which its engine does not read; "${written}" is taken`;
      into.find(place, 'info', 'import.attribute-left-out', message);
    }
  return codes !== undefined && codes.length > 0 ? codes : undefined;
}

function codesIn(written: string): number[] | undefined {
  const words = written.split(/[\s,;]+/).filter((word) => word !== '');
  const valid = words.length <= 100 && words.every((word) => /^-?\d{1,10}$/.test(word));
  return valid ? words.map(Number) : undefined;
}

/** Attributes that every node may have and that have found their place, or are state of an editor. */
const known = new Set(['type', 'name', 'description', 'disable', 'continueonerror', 'expand']);

/** Reports attributes without a place. */
export function reportAttributes(
  element: XmlElement,
  more: readonly string[],
  place: FindingPlace,
  into: SequenceImport,
): void {
  for (const [key, { name, value }] of element.attributes)
    if (isSecretName(name) && !isNoSecret(value)) into.secret(place, `the attribute ${name}`, undefined, value);
    else if (!known.has(key) && !more.includes(key) && value.trim() !== '')
      into.find(
        place,
        'note',
        'import.attribute-left-out',
        `the attribute ${name} has no counterpart here; it was: ${quote(value)}`,
      );
}

/** Reports an element without a place. */
export function reportElement(element: XmlElement, place: FindingPlace, into: SequenceImport): void {
  const message = `<${quote(element.writtenName)}> of line ${element.line} has no place here and is left out`;
  into.find(place, 'note', 'import.element-left-out', message);
}
