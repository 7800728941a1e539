import { holds } from '@muster/sequence/conditions/compare.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { compareValues } from '@muster/sequence/conditions/variable-expression.js';
import { ProbeError } from '../probe-error.js';
import { type System, thisSystem } from '../../facts/system.js';

/** A value as `reg query` shows it. */
export interface RegistryValue {
  /** REG_SZ, REG_DWORD, … */
  readonly type: string;
  /** Numbers in decimal, several texts with commas between them, bytes in hexadecimal. */
  readonly data: string;
}

const types: Readonly<Record<NonNullable<WorldExpressionOf<'registry'>['valueType']>, string>> = {
  String: 'REG_SZ',
  ExpandString: 'REG_EXPAND_SZ',
  DWord: 'REG_DWORD',
  QWord: 'REG_QWORD',
  MultiString: 'REG_MULTI_SZ',
  Binary: 'REG_BINARY',
  None: 'REG_NONE',
};

/**
 * A value of the registry exists (with its type, where one is given), or compares as wanted: integers as numbers, all else as
 * text without regard to case. Compared with anything, a value that is not there is false, except that it is not equal.
 * On Windows only. Never run on a real Windows yet.
 */
export async function probeRegistry(
  { registry, name, operator, valueType, value }: WorldExpressionOf<'registry'>,
  system: System = thisSystem,
): Promise<ProbeAnswer> {
  if (system.platform !== 'win32')
    throw new ProbeError('condition.kind-unsupported', 'the registry can be read on Windows only');
  const selector = name ? ['/v', name] : ['/ve'];
  const output = await system.run('reg', ['query', registry, ...selector]);
  if (!output) throw new ProbeError('condition.probe-failed', 'there is no program reg on this computer');
  if (/access is denied/i.test(output.standardError))
    throw new ProbeError('condition.probe-failed', `access to "${registry}" is denied`);
  const found = output.exitCode === 0 ? parseRegQuery(output.standardOutput, name) : undefined;
  const actual = found ? { actual: `${found.type} ${found.data}` } : {};
  if (operator === 'exists' || operator === 'notExists') {
    const exists = found !== undefined && (valueType === undefined || types[valueType] === found.type);
    return { result: exists === (operator === 'exists'), ...actual };
  }
  if (!found) return { result: operator === 'notEquals' };
  return { result: holds(operator, compareValues(found.data, value ?? '')), ...actual };
}

/**
 * The value in what `reg query KEY /v NAME` (or `/ve`) prints: the key, then one line with name, type and data, four blanks
 * between them. The name of the default value is in the language of Windows, so it is the only one whose name is not looked at.
 */
export function parseRegQuery(text: string, name: string | undefined): RegistryValue | undefined {
  for (const line of text.split(/\r?\n/)) {
    const [, found = '', type = '', data = ''] = /^ {4}(.*?) {4}(REG_[A-Z_]+)(?: {4}(.*))?$/.exec(line) ?? [];
    if (type === '' || (name && found.toLowerCase() !== name.toLowerCase())) continue;
    if (!name && /^\([^)]*\)$/.test(data) && type === 'REG_SZ') return undefined;
    return { type, data: readable(type, data) };
  }
  return undefined;
}

function readable(type: string, data: string): string {
  if (/^REG_[DQ]WORD$/.test(type) && /^0x[0-9a-f]+$/i.test(data)) return BigInt(data).toString();
  return type === 'REG_MULTI_SZ' ? data.replaceAll('\\0', ',') : data;
}
