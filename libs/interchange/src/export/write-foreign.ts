import type { StepNode } from '@muster/sequence/model.js';
import { isForeignStepType } from '@muster/sequence/steps/foreign-step.js';
import { newElement } from '../xml/write-xml.js';
import type { XmlElement } from '../xml/xml-element.js';

/** Attributes that fields of the step say. */
const framed = /^(type|name|description|disable|continueOnError|runIn|successCodeList|retryCount|timeout)$/i;

/** A step that kept its type: its raw settings are the original. Undefined for types of ours. */
export function writeForeign(
  node: StepNode,
): { type: string; attributes: Readonly<Record<string, string>>; children: XmlElement[] } | undefined {
  if (!isForeignStepType(node.type)) return undefined;
  const { originalType, action, variables, attributes } = node.settings ?? {};
  const type = typeof originalType === 'string' ? originalType : node.type === 'Untyped_Step' ? '' : node.type;
  const list = (Array.isArray(variables) ? variables : []) as Readonly<Record<string, unknown>>[];
  const written = list.map(({ name, property, value, hidden }) =>
    newElement(
      'variable',
      {
        name: text(name) ?? '',
        property: text(property) ?? text(name) ?? '',
        ...(hidden === true ? { hidden: 'true' } : {}),
      },
      [],
      text(value) ?? '',
    ),
  );
  const given = typeof attributes === 'object' && attributes !== null ? Object.entries(attributes) : [];
  return {
    type,
    attributes: Object.fromEntries(
      given.flatMap(([name, value]) => (typeof value !== 'string' || framed.test(name) ? [] : [[name, value]])),
    ),
    children: [
      ...(text(action) === undefined ? [] : [newElement('action', {}, [], text(action))]),
      ...(written.length > 0 ? [newElement('defaultVarList', {}, written)] : []),
    ],
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
