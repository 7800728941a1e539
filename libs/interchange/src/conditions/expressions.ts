import {
  COMPARISON_OPERATORS,
  type ComparisonOperator,
  type Condition,
  REGISTRY_OPERATORS,
  VARIABLE_OPERATORS,
  type VariableOperator,
} from '@muster/sequence/conditions/model.js';
import { attribute, childrenNamed, type XmlElement } from '../xml/xml-element.js';
import { lookup } from '../lookup.js';

/** What an expression became, or why it could not. */
export type MappedExpression =
  { readonly condition: Condition; readonly notes?: readonly string[] } | { readonly problem: string };

/** The `variable` elements of an expression, by lower-case name; trimmed. */
export function parameters(expression: XmlElement): Map<string, string> {
  return new Map(
    childrenNamed(expression, 'variable').map((variable) => [
      (attribute(variable, 'name') ?? '').trim().toLowerCase(),
      variable.text.trim(),
    ]),
  );
}

const spellings: Readonly<Record<string, string>> = {
  nonexists: 'notExists',
  doesnotexist: 'notExists',
  eq: 'equals',
  ne: 'notEquals',
  lessequals: 'lessEqual',
  lessthan: 'less',
  lessthanequals: 'lessEqual',
  greaterequals: 'greaterEqual',
  greaterthan: 'greater',
  greaterthanequals: 'greaterEqual',
};

/** An operator of a variable expression; writers differ in case. */
export function operatorOf(word: string): VariableOperator | undefined {
  return spelled(VARIABLE_OPERATORS, word);
}

function spelled<const W extends string>(words: readonly W[], word: string): W | undefined {
  const plain = word.trim().toLowerCase();
  const wanted = (lookup(spellings, plain) ?? plain).toLowerCase();
  return words.find((known) => known.toLowerCase() === wanted);
}

/** One `expression` element. */
export function mapExpression(expression: XmlElement): MappedExpression {
  const type = (attribute(expression, 'type') ?? '').trim();
  const kind = /(?:^|_)([A-Za-z]+?)(?:Condition)?Expression$/i.exec(type)?.[1]?.toLowerCase() ?? '';
  const mapper = lookup(mappers, kind);
  return mapper ? mapper(parameters(expression)) : { problem: `the type "${type}" is not known` };
}

type Parameters = ReadonlyMap<string, string>;

const mappers: Readonly<Record<string, (given: Parameters) => MappedExpression>> = {
  variable: mapVariable,
  file: (given) => mapPath('file', given),
  folder: (given) => mapPath('folder', given),
  registry: mapRegistry,
  wmi: mapWmi,
  software: mapSoftware,
};

function mapVariable(given: Parameters): MappedExpression {
  const operator = operatorOf(given.get('operator') ?? 'equals');
  if (operator === undefined) return { problem: `the operator "${given.get('operator') ?? ''}" is not known` };
  const variable = given.get('variable') ?? '';
  if (variable === '') return { problem: 'it names no variable' };
  const alone = operator === 'exists' || operator === 'notExists';
  return { condition: { variable, operator, ...(alone ? {} : { value: given.get('value') ?? '' }) } };
}

function mapPath(kind: 'file' | 'folder', given: Parameters): MappedExpression {
  const path = given.get('path') ?? '';
  const tests: { version?: Comparison; modified?: Comparison } = {};
  const version = given.get('version') ?? '';
  const time = given.get('datetime') ?? '';
  if (kind === 'file' && version !== '') {
    const operator = comparisonOf(given.get('versionoperator') ?? '');
    if (operator === undefined) return { problem: `the operator "${given.get('versionoperator') ?? ''}" is not known` };
    tests.version = { operator, value: version };
  }
  if (time !== '') {
    const operator = comparisonOf(given.get('datetimeoperator') ?? '');
    const value = timeOf(time);
    if (operator === undefined || value === undefined) return { problem: `the time test "${time}" cannot be read` };
    tests.modified = { operator, value };
  }
  return { condition: kind === 'file' ? { file: path, ...tests } : { folder: path, ...tests } };
}

interface Comparison {
  operator: ComparisonOperator;
  value: string;
}

function comparisonOf(word: string): ComparisonOperator | undefined {
  return spelled(COMPARISON_OPERATORS, word === '' ? 'equals' : word);
}

/** `yyyyMMddHHmmss.ffffff±UUU` (minutes from UTC), or what a date is written as anyway. */
function timeOf(text: string): string | undefined {
  const cim = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d{1,6})?(?:([+-])(\d{3}))?$/.exec(text);
  if (!cim) return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? text : undefined;
  const [, year, month, day, hour, minute, second, sign = '+', offset = '0'] = cim;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const shifted = utc - (sign === '-' ? -1 : 1) * Number(offset) * 60_000;
  return Number.isFinite(shifted) ? new Date(shifted).toISOString().replace('.000Z', 'Z') : undefined;
}

const registryTypes = {
  reg_sz: 'String',
  reg_expand_sz: 'ExpandString',
  expand_sz: 'ExpandString',
  reg_dword: 'DWord',
  dword: 'DWord',
  reg_qword: 'QWord',
  qword: 'QWord',
  reg_multi_sz: 'MultiString',
  multi_sz: 'MultiString',
  reg_binary: 'Binary',
  binary: 'Binary',
  reg_none: 'None',
  none: 'None',
} as const;

function mapRegistry(given: Parameters): MappedExpression {
  const operator = spelled(REGISTRY_OPERATORS, given.get('operator') ?? '');
  if (operator === undefined) return { problem: `the operator "${given.get('operator') ?? ''}" is not known` };
  const type = (given.get('type') ?? '').toLowerCase();
  const valueType = lookup<(typeof registryTypes)[keyof typeof registryTypes]>(registryTypes, type);
  if (type !== '' && valueType === undefined) return { problem: `the registry type "${type}" is not known` };
  const name = given.get('value') ?? '';
  const alone = operator === 'exists' || operator === 'notExists';
  return {
    condition: {
      registry: given.get('keypath') ?? '',
      ...(name === '' ? {} : { name }),
      operator,
      ...(valueType === undefined ? {} : { valueType }),
      ...(alone ? {} : { value: given.get('data') ?? '' }),
    },
  };
}

function mapWmi(given: Parameters): MappedExpression {
  const query = given.get('query') ?? '';
  const namespace = given.get('namespace') ?? '';
  const standard = namespace === '' || namespace.toLowerCase() === String.raw`root\cimv2`;
  const language =
    /^select\s+[\w*,\s]{1,200}\sfrom\s+Win32_OperatingSystem\s+where\s+OSLanguage\s*=\s*["']?(\d{1,6})["']?$/i.exec(
      query,
    );
  if (standard && language?.[1] !== undefined) return { condition: { osLanguage: language[1] } };
  return { condition: { wmi: query, ...(standard ? {} : { namespace }) } };
}

function mapSoftware(given: Parameters): MappedExpression {
  const productCode = given.get('productcode') ?? '';
  const upgradeCode = given.get('upgradecode') ?? '';
  const anyVersion = (given.get('operator') ?? '').toLowerCase() === 'anyversion';
  const code = anyVersion ? upgradeCode : productCode;
  const software = given.get('productname') || code;
  if (code === '') return { problem: 'it has neither a product code nor an upgrade code for its operator' };
  const version = given.get('version') ?? '';
  const notes = !anyVersion && version !== '' ? [`the product code stands for version ${version}`] : [];
  return { condition: { software, ...(anyVersion ? { upgradeCode } : { productCode }) }, notes };
}
