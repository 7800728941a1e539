import { hardwareIds } from '@muster/contracts/kinds/hardware-identity.js';
import { importedDeviceSchema, type ImportedDevice } from '@muster/contracts/kinds/device-import.js';
import { isSecretName } from '@muster/sequence/names.js';
import { CsvError, parse } from 'csv-parse/sync';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** One device of a list, and the line of the file where it stands (counted from 1; the last one of a cell with line breaks). */
export interface ListedDevice {
  readonly line: number;
  readonly device: ImportedDevice;
}

/** What is wrong with a line. */
export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

type PlainField = 'name' | 'mac' | 'smbios' | 'description';
type Field =
  | { readonly of: PlainField }
  | { readonly of: 'label'; readonly name: string }
  | { readonly of: 'variable'; readonly name: string; readonly hidden?: true };

/** Words of headers, without blanks, hyphens and underscores, in lower case. */
const FIELDS: Readonly<Record<string, PlainField>> = {
  name: 'name',
  computername: 'name',
  hostname: 'name',
  mac: 'mac',
  macaddress: 'mac',
  macaddresses: 'mac',
  smbios: 'smbios',
  smbiosuuid: 'smbios',
  smbiosguid: 'smbios',
  uuid: 'smbios',
  description: 'description',
};

const HEADER_HELP = 'name, mac, smbios, description, variable:NAME, hidden:NAME, label:KEY';

/**
 * Reads a list of devices (CSV with a header, UTF-8). Everything that is wrong is told with its line; what is said twice is wrong
 * where it is said again.
 *
 * @throws CliError `device-list.invalid` when there is no telling where the lines are
 */
export function readDeviceList(file: string, bytes: Uint8Array): { devices: ListedDevice[]; problems: LineProblem[] } {
  const [header, ...rows] = records(file, bytes);
  if (!header) throw invalid(file, `it is empty: the first line names the columns: ${HEADER_HELP}`);
  const fields = readHeader(file, header.record);
  const devices: ListedDevice[] = [];
  const problems: LineProblem[] = [];
  const seen = new Map<string, number>();
  for (const { line, record } of rows) {
    if (record.length !== fields.length) {
      problems.push({ line, message: `it has ${record.length} cells, the header has ${fields.length}` });
      continue;
    }
    const parsed = importedDeviceSchema.safeParse(toDevice(fields, record));
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues)
        problems.push({ line, message: `${path.join('.') || 'line'}: ${message}` });
      continue;
    }
    const again = claims(parsed.data).filter(({ id }) => seen.has(id));
    for (const { id, what } of again) problems.push({ line, message: `${what} is in line ${seen.get(id)} already` });
    for (const { id } of claims(parsed.data)) if (!seen.has(id)) seen.set(id, line);
    if (again.length === 0) devices.push({ line, device: parsed.data });
  }
  return { devices, problems };
}

function records(file: string, bytes: Uint8Array): { line: number; record: string[] }[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(file, 'it is not UTF-8: save it as "CSV UTF-8"');
  }
  const [first = ''] = text.split(/\r?\n/, 1);
  const delimiter = [',', ';', '\t'].find((one) => first.includes(one)) ?? ',';
  try {
    const found: unknown = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
      relax_column_count: true,
      delimiter,
    });
    return (found as { info: { lines: number }; record: string[] }[])
      .filter(({ record }) => record.some((cell) => cell !== ''))
      .map(({ info, record }) => ({ line: info.lines, record }));
  } catch (error) {
    if (error instanceof CsvError) throw invalid(file, error.message);
    throw error;
  }
}

function readHeader(file: string, cells: readonly string[]): Field[] {
  const seen = new Set<string>();
  const fields = cells.map((cell): Field => {
    const [, kind = '', name = ''] = /^(variable|hidden|label)\s*:\s*(.+)$/i.exec(cell) ?? [];
    const word = cell.toLowerCase().replaceAll(/[\s_-]/g, '');
    const known = Object.hasOwn(FIELDS, word) ? FIELDS[word] : undefined;
    const key = name === '' ? (known ?? word) : `${kind === 'label' ? name : name.toLowerCase()} ${kind.toLowerCase()}`;
    if (seen.has(key)) throw invalid(file, `the column "${cell}" is there twice`);
    seen.add(key);
    if (kind.toLowerCase() === 'label') return { of: 'label', name };
    if (kind !== '')
      return {
        of: 'variable',
        name,
        ...(kind.toLowerCase() === 'hidden' || isSecretName(name) ? { hidden: true } : {}),
      };
    if (known === undefined) throw invalid(file, `there is no column "${cell}"; columns are ${HEADER_HELP}`);
    return { of: known };
  });
  if (!fields.some(({ of }) => of === 'name')) throw invalid(file, 'its header has no column "name"');
  return fields;
}

/** An empty cell says nothing. */
function toDevice(fields: readonly Field[], record: readonly string[]): unknown {
  const device: Record<string, unknown> = {};
  const identity: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  const variables: unknown[] = [];
  fields.forEach((field, index) => {
    const cell = record[index] ?? '';
    if (cell === '') return;
    if (field.of === 'name') device['name'] = cell.toLowerCase();
    else if (field.of === 'description') device['description'] = cell;
    else if (field.of === 'smbios') identity['smbiosUuid'] = cell;
    else if (field.of === 'mac') identity['macAddresses'] = cell.split(/[\s,;|]+/).filter((mac) => mac !== '');
    else if (field.of === 'label') labels[field.name] = cell;
    else if (field.of === 'variable')
      variables.push({ name: field.name, value: cell, ...(field.hidden ? { hidden: true } : {}) });
  });
  return {
    ...device,
    ...(Object.keys(identity).length > 0 ? { identity } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(variables.length > 0 ? { variables } : {}),
  };
}

function claims({ name, identity }: ImportedDevice): { id: string; what: string }[] {
  return [
    { id: `name:${name}`, what: `the name "${name}"` },
    ...hardwareIds(identity).map((id) => ({ id, what: id.replace(':', ' ') })),
  ];
}

function invalid(file: string, why: string): CliError {
  return new CliError('device-list.invalid', `${file}: ${why}`, EXIT_CODES.invalidDocument);
}
