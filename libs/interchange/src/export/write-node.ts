import type { Condition } from '@muster/sequence/conditions/model.js';
import { isGroup, isStep, type SequenceNode, type StepNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import type { OtherSite, Settings, StepMapping, WrittenProperty } from '../steps/mapping.js';
import { mappingsTo } from '../steps/mappings.js';
import { newElement } from '../xml/write-xml.js';
import { attribute, type XmlElement } from '../xml/xml-element.js';
import { writeForeign } from './write-foreign.js';

/** A node as fields and settings alone say it, without condition and without what is inside it. */
export function writeNode(node: SequenceNode, site: OtherSite, mapping?: StepMapping): XmlElement {
  if (isGroup(node))
    return newElement('group', { name: node.group, description: node.description ?? '', ...switches(node, site) });
  if (isStep(node)) {
    const foreign = mapping === undefined ? writeForeign(node) : undefined;
    const type = foreign ? foreign.type : mapping?.from[0];
    const attributes = { ...(type === '' ? {} : { type }), ...stepAttributes(node, site), ...foreign?.attributes };
    return newElement('step', attributes, foreign?.children ?? (mapping ? stepParts(node, mapping, site) : []));
  }
  const id = site.idOf('TaskSequence', node.sequence);
  const variables =
    id === undefined ? [] : [variable({ property: 'TsPackageID', value: id }, 'OSDSubTasksequencePackageID')];
  return newElement(
    'subtasksequence',
    {
      type: 'SMS_TaskSequence_SubTasksequence',
      // A call has no name here; the import keeps the original's as the description.
      name: node.description ?? node.sequence,
      description: '',
      ...switches(node, site),
      successCodeList: '0',
      retryCount: '0',
      runFromNet: 'false',
    },
    [newElement('action', {}, [], 'SubTasksequence.exe'), newElement('defaultVarList', {}, variables)],
  );
}

/** How a step is written: as what its original was, where that still becomes its type, else as what we make of its type. */
export function mappingFor(node: StepNode, originalType: string | undefined): StepMapping | undefined {
  const candidates = mappingsTo(node.type);
  const same = originalType === undefined ? undefined : candidates.find((one) => isFrom(one, originalType));
  return same ?? candidates.find(({ writing }) => writing !== undefined);
}

/** MDT writes some of its scripts without a type, or as command lines. */
function isFrom({ from }: StepMapping, type: string): boolean {
  const types = from.length === 0 ? ['SMS_TaskSequence_RunCommandLineAction', ''] : from;
  return types.some((one) => one.toLowerCase() === type.toLowerCase());
}

function switches({ disabled, continueOnError }: SequenceNode, { dialect }: OtherSite): Record<string, string> {
  const both = dialect === 'mdt';
  return {
    ...(disabled || both ? { disable: String(disabled ?? false) } : {}),
    ...(continueOnError || both ? { continueOnError: String(continueOnError ?? false) } : {}),
  };
}

const environments = { PE: 'WinPE', FullOS: 'FullOS', Any: 'WinPEandFullOS' } as const;

function stepAttributes(node: StepNode, site: OtherSite): Record<string, string> {
  const retriesOnRestart = node.settings?.['retryOnRestart'] as { enabled?: boolean; count?: number } | undefined;
  const tries = retriesOnRestart?.enabled === false ? 0 : (retriesOnRestart?.count ?? (node.retry?.attempts ?? 1) - 1);
  const mdt = site.dialect === 'mdt';
  return {
    name: node.step,
    description: node.description ?? '',
    ...switches(node, site),
    ...(mdt && node.runIn === undefined ? {} : { runIn: environments[node.runIn ?? 'Any'] }),
    successCodeList: (node.successCodes ?? stepDefinition(node.type)?.defaults.successCodes ?? [0]).join(' '),
    ...(mdt && tries === 0 ? {} : { retryCount: String(tries) }),
    ...(mdt ? {} : { runFromNet: 'false' }),
    ...(node.timeoutSeconds === undefined ? {} : { timeout: String(node.timeoutSeconds) }),
  };
}

function stepParts(node: StepNode, mapping: StepMapping, site: OtherSite): XmlElement[] {
  const { writing } = mapping;
  if (!writing) return [];
  const settings = node.settings ?? {};
  const properties = writtenProperties(node, mapping, settings, site);
  const of = (name: string): string => properties.find(({ property }) => property === name)?.value ?? '';
  return [
    newElement('action', {}, [], writing.action(of, settings, site)),
    newElement(
      'defaultVarList',
      {},
      properties.map((one) => variable(one)),
    ),
  ];
}

function writtenProperties(
  node: StepNode,
  mapping: StepMapping,
  settings: Settings,
  site: OtherSite,
): WrittenProperty[] {
  const { writing, fields = {} } = mapping;
  const published = stepDefinition(node.type)?.variables ?? {};
  const written: WrittenProperty[] = [...(writing?.properties?.(settings, site) ?? [])];
  const has = (name: string): boolean =>
    written.some((one) => (one.name ?? one.property).toLowerCase() === name.toLowerCase());
  const said = new Set<string>();
  for (const [property, field] of Object.entries(fields)) {
    const { setting } = field;
    if (setting === undefined || said.has(setting) || settings[setting] === undefined) continue;
    said.add(setting);
    const value = field.write?.(settings[setting], site);
    if (value === undefined) continue;
    const name = writing?.names?.[property] ?? published[setting] ?? property;
    written.push({ property, name, value, hidden: writing?.hidden?.includes(property) });
  }
  for (const [setting, name] of Object.entries(published)) {
    const value = settings[setting];
    const text = typeof value === 'object' ? undefined : value;
    if (
      text === undefined ||
      said.has(setting) ||
      has(name) ||
      written.some(({ property }) => writing?.owns?.test(name) && property === name)
    )
      continue;
    written.push({ property: name, value: String(text) });
  }
  if (mapping.derived?.includes('SuccessCodes') && site.dialect !== 'mdt')
    written.push({
      property: 'SuccessCodes',
      name: writing?.names?.['SuccessCodes'],
      value: stepAttributes(node, site)['successCodeList'] ?? '0',
      hidden: true,
    });
  return written;
}

function variable({ property, value, name, hidden }: WrittenProperty, called = name ?? property): XmlElement {
  return newElement('variable', { name: called, property, ...(hidden ? { hidden: 'true' } : {}) }, [], value);
}

/** The type of an element as far as mappings know it. */
export function typeOf(element: XmlElement): string {
  return (attribute(element, 'type') ?? '').trim();
}

/** All conditions inside a condition, itself first. */
export function* conditionsIn(condition: Condition): Generator<Condition> {
  yield condition;
  const operands =
    'all' in condition ? condition.all : 'any' in condition ? condition.any : 'none' in condition ? condition.none : [];
  for (const one of operands) yield* conditionsIn(one);
}
