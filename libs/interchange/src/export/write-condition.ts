import type { Condition, Expression } from '@muster/sequence/conditions/model.js';
import { newElement } from '../xml/write-xml.js';
import type { XmlElement } from '../xml/xml-element.js';

/** What the caller knows and reports while a condition is written. */
export interface ConditionWriting {
  /** An element of the original that says this very condition. */
  reuse(condition: Condition): XmlElement | undefined;
  /** An expression without a counterpart; a variable stands for it that nobody sets, so the node is skipped and never runs wrongly. */
  problem(message: string): void;
}

/** A condition as `condition` of theirs. */
export function writeCondition(condition: Condition, writing: ConditionWriting): XmlElement {
  return newElement('condition', {}, [writeOperand(condition, writing)]);
}

function writeOperand(condition: Condition, writing: ConditionWriting): XmlElement {
  const known = writing.reuse(condition);
  if (known) return known;
  const operator = (type: string, operands: readonly Condition[]): XmlElement =>
    newElement(
      'operator',
      { type },
      operands.map((one) => writeOperand(one, writing)),
    );
  if ('all' in condition) return operator('and', condition.all);
  if ('any' in condition) return operator('or', condition.any);
  if ('none' in condition) return operator('not', condition.none);
  const written = writeExpression(condition);
  if (typeof written !== 'string') return written;
  writing.problem(written);
  return expression('Variable', { Operator: 'equals', Value: 'true', Variable: 'UnmappedCondition' });
}

/** One expression, or why there is none that asks the same. */
function writeExpression(one: Expression): XmlElement | string {
  if ('variable' in one)
    return expression('Variable', { Operator: one.operator, Value: one.value, Variable: one.variable });
  if ('file' in one)
    return expression('File', {
      DateTime: one.modified && cimTime(one.modified.value),
      DateTimeOperator: one.modified?.operator,
      Path: one.file,
      Version: one.version?.value,
      VersionOperator: one.version?.operator,
    });
  if ('folder' in one)
    return expression('Folder', {
      DateTime: one.modified && cimTime(one.modified.value),
      DateTimeOperator: one.modified?.operator,
      Path: one.folder,
    });
  if ('registry' in one)
    return expression('Registry', {
      Data: one.value,
      KeyPath: one.registry,
      Operator: one.operator,
      Type: one.valueType && registryTypes[one.valueType],
      Value: one.name ?? '',
    });
  if ('wmi' in one) return expression('WMI', { Namespace: one.namespace ?? String.raw`root\cimv2`, Query: one.wmi });
  if ('osLanguage' in one) {
    if (!/^\d+$/.test(one.osLanguage)) return `the language "${one.osLanguage}" is no number of Windows`;
    const Query = `SELECT OsLanguage FROM Win32_OperatingSystem WHERE OsLanguage='${one.osLanguage}'`;
    return expression('WMI', { Namespace: String.raw`root\cimv2`, Query });
  }
  if ('software' in one) {
    if (one.version !== undefined || (one.productCode === undefined && one.upgradeCode === undefined))
      return `the software "${one.software}" has no product code`;
    const Operator = one.upgradeCode === undefined ? 'ThisVersion' : 'AnyVersion';
    return expression('Software', {
      Operator,
      ProductCode: one.productCode,
      ProductName: one.software,
      UpgradeCode: one.upgradeCode,
    });
  }
  if ('facts' in one) return `nothing there answers the query "${one.facts.slice(0, 100)}"`;
  return `nothing there asks for the system "${one.os}" in this way`;
}

function expression(kind: string, given: Readonly<Record<string, string | undefined>>): XmlElement {
  return newElement(
    'expression',
    { type: `SMS_TaskSequence_${kind}ConditionExpression` },
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [newElement('variable', { name }, [], value)],
    ),
  );
}

const registryTypes = {
  String: 'REG_SZ',
  ExpandString: 'REG_EXPAND_SZ',
  DWord: 'REG_DWORD',
  QWord: 'REG_QWORD',
  MultiString: 'REG_MULTI_SZ',
  Binary: 'REG_BINARY',
  None: 'REG_NONE',
} as const;

/** `20260131120000.000000+000`. */
function cimTime(time: string): string {
  const digits = new Date(time).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 14)}.${digits.slice(14, 17)}000+000`;
}
