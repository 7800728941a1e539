import type { Condition } from '@muster/sequence/conditions/model.js';
import { parseXml } from '../xml/parse-xml.js';
import { mapCondition } from './map-condition.js';

function map(inner: string): { condition: Condition | undefined; notes: string[]; expressions: number } {
  const notes: string[] = [];
  let expressions = 0;
  let standIns = 0;
  const condition = mapCondition(parseXml(`<condition>${inner}</condition>`), {
    expression: () => void expressions++,
    note: (code) => void notes.push(code),
    standIn: () => `UnmappedCondition${++standIns}`,
  });
  return { condition, notes, expressions };
}

const expression = (type: string, values: Record<string, string>): string =>
  `<expression type="SMS_TaskSequence_${type}ConditionExpression">${Object.entries(values)
    .map(([name, value]) => `<variable name="${name}">\n ${value}\n</variable>`)
    .join('')}</expression>`;
const variable = (name: string): string => expression('Variable', { Variable: name, Operator: 'exists', Value: '' });

describe('expressions', () => {
  it.each<[string, string, Condition]>([
    [
      'variable, with an operator in another case',
      expression('Variable', { Variable: 'PHASE', Operator: 'NotEquals', Value: 'X' }),
      { variable: 'PHASE', operator: 'notEquals', value: 'X' },
    ],
    [
      'variable without a value',
      expression('Variable', { Variable: 'A', Operator: 'notExists', Value: 'left over' }),
      { variable: 'A', operator: 'notExists' },
    ],
    ['file', expression('File', { Path: 'C:\\a.txt' }), { file: 'C:\\a.txt' }],
    [
      'file with version and time',
      expression('File', {
        Path: 'C:\\a.exe',
        Version: '1.2',
        VersionOperator: 'greaterEqual',
        DateTime: '20210304050607.000000+060',
        DateTimeOperator: 'less',
      }),
      {
        file: 'C:\\a.exe',
        version: { operator: 'greaterEqual', value: '1.2' },
        modified: { operator: 'less', value: '2021-03-04T04:06:07Z' },
      },
    ],
    ['folder', expression('Folder', { Path: '%X%\\Drivers' }), { folder: '%X%\\Drivers' }],
    [
      'registry',
      expression('Registry', { KeyPath: 'HKLM\\A', Operator: 'notExists', Type: 'REG_DWORD', Value: 'Complete' }),
      { registry: 'HKLM\\A', name: 'Complete', operator: 'notExists', valueType: 'DWord' },
    ],
    [
      'registry that compares',
      expression('Registry', { KeyPath: 'HKLM\\A', Operator: 'equals', Type: 'REG_SZ', Value: '', Data: 'x' }),
      { registry: 'HKLM\\A', operator: 'equals', valueType: 'String', value: 'x' },
    ],
    [
      'WMI',
      expression('WMI', { Namespace: 'root\\cimv2', Query: 'SELECT * FROM Win32_Battery' }),
      { wmi: 'SELECT * FROM Win32_Battery' },
    ],
    [
      'WMI of another namespace',
      expression('WMI', { Namespace: 'root\\x', Query: 'SELECT * FROM y' }),
      { wmi: 'SELECT * FROM y', namespace: 'root\\x' },
    ],
    [
      'language of the system, which is a WMI query there',
      expression('WMI', {
        Namespace: 'root\\cimv2',
        Query: "SELECT OsLanguage FROM Win32_OperatingSystem WHERE OsLanguage='1031'",
      }),
      { osLanguage: '1031' },
    ],
    [
      'software of any version',
      expression('Software', {
        Operator: 'AnyVersion',
        ProductCode: '{A}',
        UpgradeCode: '{B}',
        ProductName: 'Tool',
        Version: '1',
      }),
      { software: 'Tool', upgradeCode: '{B}' },
    ],
  ])('%s', (_, xml, condition) => {
    expect(map(xml)).toMatchObject({ condition, notes: [], expressions: 1 });
  });

  it('that cannot be said become a variable which somebody has to set, and a note', () => {
    for (const xml of [
      expression('Weather', { Sky: 'blue' }),
      expression('Variable', { Variable: 'A', Operator: 'resembles', Value: 'x' }),
      expression('File', { Path: 'x', DateTime: 'yesterday', DateTimeOperator: 'less' }),
      expression('Software', { Operator: 'ThisVersion', ProductName: 'Tool' }),
      '<unknown/>',
      '<operator type="xor"><expression type="x"/></operator>',
    ])
      expect(map(xml)).toEqual({
        condition: { variable: 'UnmappedCondition1', operator: 'equals', value: 'true' },
        notes: ['import.condition-unmapped'],
        expressions: 1,
      });
  });
});

describe('operators', () => {
  const a = { variable: 'A', operator: 'exists' };
  const b = { variable: 'B', operator: 'exists' };

  it('nest as they did, also around a single operand, and several operands below the condition must all hold', () => {
    const xml = `<operator type="and"><operator type="or">${variable('A')}</operator><operator type="NOT">${variable('A')}${variable('B')}</operator></operator>`;
    expect(map(xml).condition).toEqual({ all: [{ any: [a] }, { none: [a, b] }] });
    expect(map(variable('A') + variable('B')).condition).toEqual({ all: [a, b] });
  });

  it('without operands are left out with a note, and so is an empty condition', () => {
    expect(map(`<operator type="or"/>${variable('A')}`)).toMatchObject({
      condition: a,
      notes: ['import.empty-condition'],
    });
    expect(map('')).toEqual({ condition: undefined, notes: ['import.empty-condition'], expressions: 0 });
  });
});

describe('lists of systems', () => {
  const query = (where: string): string =>
    `<expression type="SMS_TaskSequence_WMIConditionExpression" ignoreQueryFailure="true"><variable name="Namespace">root\\cimv2</variable><variable name="Query">SELECT * FROM Win32_OperatingSystem WHERE ${where}</variable></expression>`;
  const group = (min: string, max: string, ...wheres: string[]): string =>
    `<osConditionGroup type="or"><osExpressionGroup type="and" name="x"><platformKey arch="x64" type="Win_NT" minVer="${min}" maxVer="${max}" />${wheres.map(query).join('')}</osExpressionGroup></osConditionGroup>`;

  it('become os expressions where the queries ask for nothing more', () => {
    const xml = group(
      '10.00.0000.0',
      '10.00.99999.9999',
      "Version like '10.%' AND OSType=18",
      "OSArchitecture like '64%'",
    );
    expect(map(xml)).toEqual({
      condition: { any: [{ os: 'windows', minimumVersion: '10.0', maximumVersion: '10.0', architecture: 'x64' }] },
      notes: [],
      expressions: 2,
    });
  });

  it('keep the question for client or server beside it', () => {
    const xml = group('6.10.0000.0', '6.10.9999.9999', "Version like '6.1%' AND OSType=18 AND ProductType=1");
    expect(map(xml).condition).toEqual({
      any: [
        {
          all: [
            { os: 'windows', minimumVersion: '6.1', maximumVersion: '6.1', architecture: 'x64' },
            { wmi: 'SELECT * FROM Win32_OperatingSystem WHERE ProductType=1' },
          ],
        },
      ],
    });
  });

  it('stay queries where they ask for something else', () => {
    const xml = group('10.00.0000.0', '10.00.99999.9999', "BuildNumber = 17763 OR Caption like '%x%'");
    expect(map(xml).condition).toEqual({
      any: [{ all: [{ wmi: "SELECT * FROM Win32_OperatingSystem WHERE BuildNumber = 17763 OR Caption like '%x%'" }] }],
    });
  });
});
