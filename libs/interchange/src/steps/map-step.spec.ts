import { became, imported, step } from '../../test/imported.js';

describe('Set Dynamic Variables', () => {
  it('reads the rules out of the XML inside the XML', () => {
    const rules =
      '<Rules><Rule><Variables><Variable Name="A" IsSecret="false">1</Variable></Variables></Rule>' +
      '<Rule><condition><expression type="SMS_TaskSequence_MakeModelConditionExpression"><variable name="Make">*</variable><variable name="Model">*VM*</variable></expression></condition><Variables><Variable Name="B" IsSecret="true">hidden</Variable></Variables></Rule>' +
      '<Rule><condition><expression type="SMS_TaskSequence_VariableConditionExpression"><variable name="Operator">exists</variable><variable name="Value"></variable><variable name="Variable">C</variable></expression></condition><Variables><Variable Name="D">2</Variable></Variables></Rule></Rules>';
    const { document, secrets } = imported(step('SetDynamicVariablesAction', { Rules: rules }));
    expect(document.spec.steps[0]).toMatchObject({
      type: 'SetDynamicVariables',
      settings: {
        rules: [
          { set: [{ name: 'A', value: '1' }] },
          { when: { makeModel: { make: '*', model: '*VM*' } }, set: [{ name: 'B', value: '%B%', secret: true }] },
          { when: { variable: 'C', operator: 'exists' }, set: [{ name: 'D', value: '2' }] },
        ],
      },
    });
    expect(secrets.map(({ what }) => what)).toEqual(['value of the variable B']);
  });
});

describe('a step without a counterpart', () => {
  it('keeps its type and everything it had, and is disabled only if it was', () => {
    const xml = step(
      'BDD_InstallRoles',
      { OSRoles: 'Web-Server', AdminPassword: 'abc' },
      'cscript.exe x.wsf',
      'disable="false" successCodeList="0 3010" runFromNet="false"',
    );
    const { document, findings, counts, secrets } = imported(xml);
    expect(document.spec.steps).toEqual([
      {
        step: 'S',
        type: 'BDD_InstallRoles',
        settings: {
          action: 'cscript.exe x.wsf',
          variables: [
            { name: 'OSRoles', value: 'Web-Server' },
            { name: 'AdminPassword', value: '' },
          ],
          attributes: { successCodeList: '0 3010', runFromNet: 'false' },
        },
        successCodes: [0, 3010],
      },
    ]);
    expect(counts).toMatchObject({ unmapped: 1, mappedExactly: 0, dropped: 0 });
    expect(findings.map(({ code }) => code)).toEqual([
      'import.kept-foreign',
      'import.secret-removed',
      'import.first-variables',
    ]);
    expect(secrets).toEqual([{ path: 'S', pointer: '/spec/steps/0', what: 'setting AdminPassword' }]);
  });

  it('is also one whose settings cannot be said in our terms', () => {
    const { document, findings, references } = imported(
      step('SetVariableAction', { VariableName: '_SMSTSx', VariableValue: '1' }),
    );
    expect(document.spec.steps[0]).toMatchObject({ type: 'SMS_TaskSequence_SetVariableAction' });
    expect(findings.map(({ code }) => code)).toContain('import.not-representable');
    expect(references).toEqual([]);
  });

  it('gets a type with an underscore when its own has none', () => {
    const { document } = imported('<step name="S" type="Custom Action"/><step name="T"/>');
    expect(document.spec.steps).toMatchObject([
      { type: 'Foreign_CustomAction', settings: { originalType: 'Custom Action' } },
      { type: 'Untyped_Step' },
    ]);
  });
});

describe('what is left out is said', () => {
  it('a setting without a counterpart, and one that would not be valid', () => {
    const { findings, counts } = imported(step('RebootAction', { Mood: 'good', MessageTimeout: 'soon', Off: 'false' }));
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['import.setting-left-out', 'note'],
      ['import.setting-left-out', 'info'],
      ['import.invalid-value', 'note'],
    ]);
    expect(findings[2]?.message).toContain('"soon"');
    expect(counts).toMatchObject({ mappedWithNote: 1, mappedExactly: 0 });
  });

  it('secrets: those of settings, of variables, of command lines', () => {
    const all = imported(
      step('ConnectNetworkFolderAction', { Path: '\\\\s\\f', Password: 'abc1' }) +
        step('SetVariableAction', { VariableName: 'AdminPassword', VariableValue: 'abc2' }) +
        step('SetVariableAction', { VariableName: 'Shown', VariableValue: 'abc3', DoNotShowVariableValue: 'true' }) +
        step('RunCommandLineAction', { CommandLine: 'x -Password abc4 -Other abc5' }) +
        step('UpgradeOperatingSystemAction', { InstallPath: 'C:\\', OsProductKey: 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE' }),
    );
    const text = JSON.stringify(all);
    for (const secret of ['abc1', 'abc2', 'abc3', 'abc4', 'AAAAA']) expect(text).not.toContain(secret);
    expect(text).toContain('abc5');
    expect(all.secrets.map(({ what, variable }) => [what, variable])).toEqual([
      ['password for the network folder', undefined],
      ['value of the variable AdminPassword', 'AdminPassword'],
      ['value of the variable Shown', 'Shown'],
      ['a secret in the text of "command"', 'Secret1-of-x'],
      ['product key', undefined],
    ]);
    expect(all.document.spec.steps).toMatchObject([
      {},
      { settings: { name: 'AdminPassword', value: '%AdminPassword%', secret: true } },
      { settings: { name: 'Shown', value: '%Shown%', secret: true } },
      { settings: { command: 'x -Password %Secret1-of-x% -Other abc5' } },
      {},
    ]);
  });
});

describe('the frame of a step', () => {
  it('takes over switches, environment, codes, timeout, retries and the folder to start in', () => {
    const node = became(
      'RunCommandLineAction',
      { CommandLine: 'x' },
      '',
      'description="d" disable="TRUE" continueOnError="true" runIn="WinPE" successCodeList="0 1 -2" retryCount="2" timeout="900" startIn="C:\\x" expand="true"',
    );
    expect(node).toEqual({
      step: 'S',
      description: 'd',
      type: 'RunCommandLine',
      disabled: true,
      continueOnError: true,
      runIn: 'PE',
      settings: { command: 'x', workingDirectory: 'C:\\x' },
      retry: { attempts: 3 },
      timeoutSeconds: 900,
      successCodes: [0, 1, -2],
    });
  });

  it('leaves out what is ours anyway', () => {
    expect(
      became(
        'RunCommandLineAction',
        { CommandLine: 'x' },
        '',
        'disable="false" runIn="WinPEandFullOS" successCodeList="0 3010" retryCount="0"',
      ),
    ).toEqual({
      step: 'S',
      type: 'RunCommandLine',
      settings: { command: 'x' },
    });
  });

  it.each([
    ['disable="perhaps"', 'import.invalid-value'],
    ['runIn="Space"', 'import.invalid-value'],
    ['timeout="soon"', 'import.invalid-value'],
    ['timeout="99999999"', 'import.invalid-value'],
    ['successCodeList="zero"', 'import.invalid-value'],
    ['successCodes="5" successCodeList="0"', 'import.attribute-left-out'],
    ['colour="red"', 'import.attribute-left-out'],
    ['runFromNet="true"', 'import.attribute-left-out'],
    [`name2="" description="${'d'.repeat(300)}"`, 'import.text-shortened'],
  ])('says of %s: %s', (attributes, code) => {
    const { findings } = imported(step('RunCommandLineAction', { CommandLine: 'x' }, '', attributes));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
  });
});

describe('references', () => {
  it('are placeholders to bind, by id or by placeholder', () => {
    const xml =
      step('InstallSoftwareAction', { PackageID: 'ABC00012', ProgramName: 'p' }) +
      step('RunCommandLineAction', { CommandLine: 'x', PackageID: 'ABC00013' });
    const free = imported(xml);
    expect(free.references).toMatchObject([
      {
        kind: 'Package',
        id: 'ABC00012',
        name: 'package-abc00012',
        bound: false,
        usedBy: [{ path: 'S', pointer: '/spec/steps/0' }],
      },
      { kind: 'Package', id: 'ABC00013', name: 'package-abc00013', bound: false },
    ]);
    const bound = imported(xml, { abc00012: 'editor', 'package-abc00013': 'tools' });
    expect(bound.references.map(({ name, bound: done }) => [name, done])).toEqual([
      ['editor', true],
      ['tools', true],
    ]);
    expect(bound.document.spec.steps).toMatchObject([
      { settings: { package: 'editor' } },
      { settings: { package: 'tools' } },
    ]);
  });

  it('that are variables stay variables', () => {
    expect(became('InstallSoftwareAction', { PackageID: '%P%', ProgramName: 'p' })['settings']).toEqual({
      package: '%P%',
      program: 'p',
    });
  });

  it('of child sequences become calls; a step of that type without a child keeps its type', () => {
    const call =
      '<subtasksequence type="SMS_TaskSequence_SubTasksequence" name="Child" continueOnError="true"><action>SubTasksequence.exe</action><defaultVarList><variable name="OSDSubTasksequencePackageID" property="TsPackageID">ABC00014</variable><variable name="OSDSubTasksequenceTsName" property="TsName">Child</variable></defaultVarList></subtasksequence>';
    const { document, counts } = imported(call + step('SubTasksequence', { SubTaskSequenceID: 'X' }));
    expect(document.spec.steps).toMatchObject([
      { sequence: 'sequence-abc00014', description: 'Child', continueOnError: true },
      { type: 'SMS_TaskSequence_SubTasksequence' },
    ]);
    expect(counts).toMatchObject({ steps: 2, sequenceCalls: 1, mappedExactly: 1, unmapped: 1, dropped: 0 });
  });
});
