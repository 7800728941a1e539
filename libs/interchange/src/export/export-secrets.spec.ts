import type { SequenceNode } from '@muster/sequence/model.js';
import { back, exported } from '../../test/exported.js';
import { imported, script, step } from '../../test/imported.js';
import { exportSequence } from './export-sequence.js';

const secret = 'Hunter2Secret';
const digits = '48392017';

/** Every place of a file in which a secret was seen or can be. */
const files: [place: string, xml: string][] = [
  [
    'a password of a type',
    step('JoinDomainWorkgroupAction', { 'DomainPassword|OSDJoinPassword': secret, Type: '0', DomainName: 'd' }),
  ],
  ['a password of a network folder', step('ConnectNetworkFolderAction', { Path: '\\\\s\\x', Password: secret })],
  ['a start-up key', step('EnableBitLockerAction', { Mode: 'Key', OSDBitLockerStartupKey: secret })],
  ['a product key', step('ApplyWindowsSettingsAction', { 'ProductKey|OSDProductKey': secret })],
  [
    'the value of a variable',
    step(
      'SetVariableAction',
      { VariableName: 'AdminPassword', VariableValue: secret },
      `tsenv.exe "AdminPassword=${secret}"`,
    ),
  ],
  [
    'a hidden value',
    step(
      'SetVariableAction',
      { VariableName: 'X', VariableValue: secret, DoNotShowVariableValue: 'true' },
      `tsenv.exe "X=${secret}" /hiddenflag:True`,
    ),
  ],
  [
    'a rule',
    step('SetDynamicVariablesAction', {
      Rules: `<Rules><Rule><Variables><Variable Name="X" IsSecret="true">${secret}</Variable></Variables></Rule></Rules>`,
    }),
  ],
  [
    'a command line',
    step(
      'RunCommandLineAction',
      { CommandLine: `x.exe -Password ${secret}` },
      `smsswd.exe /run: x.exe -Password ${secret}`,
    ),
  ],
  ['a command line that is said by the action alone', step('', {}, `cscript.exe x.vbs /password:${secret}`)],
  ['a script', step('RunPowerShellScriptAction', { SourceScript: script(`$password = "${secret}"`) })],
  [
    'arguments',
    step('RunPowerShellScriptAction', {
      PackageID: 'ABC00001',
      ScriptName: 'a.ps1',
      Parameters: `-Token a -Secret ${secret}`,
    }),
  ],
  [
    'an account',
    step('RunCommandLineAction', { CommandLine: 'x', RunAsUser: 'true', UserName: 'u', UserPassword: secret }),
  ],
  [
    'a step of MDT',
    step('BDD_RecoverDomainJoin', { DomainErrorRecovery: 'AUTO', AdminPassword: secret }, `x.wsf /password:${secret}`),
  ],
  ['a step of MDT with a counterpart', step('BDD_InstallOS', { OSGUID: '{1}', AdminPassword: secret })],
  ['a setting without a place', step('RebootAction', { Target: 'HD', SomePassword: secret })],
  [
    'an attribute',
    `<step type="SMS_TaskSequence_RebootAction" name="S" adminPassword="${secret}"><action>smsboot.exe /target:HD</action></step>`,
  ],
  [
    'an element that nobody knows',
    `<step type="SMS_TaskSequence_RebootAction" name="S"><extra password="${secret}"><variable name="ApiKey">${secret}</variable></extra></step>`,
  ],
  ['a description', `<group name="G" description="run with -Password ${secret}"/>`],
  [
    'a condition',
    `<group name="G"><condition><expression type="SMS_TaskSequence_WMIConditionExpression"><variable name="Query">select * from X where -Password ${secret}</variable></expression></condition></group>`,
  ],
  [
    'the variables of the sequence',
    `<globalVarList><variable name="DbPassword">${secret}</variable><variable name="1 bad password">${secret}</variable></globalVarList><group name="G"/>`,
  ],
];

describe('a secret', () => {
  it.each(files)('in %s of an imported file is in no annotation and in no export', (_, xml) => {
    const { document, secrets, findings } = imported(xml);
    expect(secrets.length).toBeGreaterThan(0);
    expect(JSON.stringify([document, secrets, findings])).not.toContain(secret);
    const again = exportSequence(document).xml;
    expect(again).not.toContain(secret);
    expect(again).not.toContain(Buffer.from(secret, 'utf16le').toString('base64').slice(4, -8));
    expect(JSON.stringify(back({ xml: again }).document)).not.toContain(secret);
  });

  it.each<[string, SequenceNode]>([
    [
      'a password',
      { step: 'S', type: 'JoinDomain', settings: { kind: 'domain', domain: 'd', account: 'a', password: secret } },
    ],
    [
      'an account',
      { step: 'S', type: 'RunCommandLine', settings: { command: 'x', runAs: { user: 'u', password: secret } } },
    ],
    ['a product key', { step: 'S', type: 'ApplyWindowsSettings', settings: { productKey: secret } }],
    ['a PIN', { step: 'S', type: 'EnableBitLocker', settings: { mode: 'TPMAndPIN', pin: digits } }],
    [
      'a secret variable',
      { step: 'S', type: 'SetTaskSequenceVariable', settings: { name: 'X', value: secret, secret: true } },
    ],
    [
      'a variable whose name says so',
      { step: 'S', type: 'SetTaskSequenceVariable', settings: { name: 'OSDJoinPassword', value: secret } },
    ],
    [
      'a secret of a rule',
      {
        step: 'S',
        type: 'SetDynamicVariables',
        settings: { rules: [{ set: [{ name: 'X', value: secret, secret: true }] }] },
      },
    ],
    ['a command line', { step: 'S', type: 'RunCommandLine', settings: { command: `x.exe -Password ${secret}` } }],
    [
      'a script',
      { step: 'S', type: 'RunScript', settings: { script: `$password = "${secret}"`, interpreter: 'pwsh' } },
    ],
    ['a description', { group: 'G', description: `--password=${secret}`, steps: [] }],
  ])('that somebody wrote into %s here is left out and listed', (_, node) => {
    const written = exported([{ group: 'Outer', steps: [node] }]);
    expect(written.xml).not.toContain(secret);
    expect(written.xml).not.toContain(Buffer.from(secret, 'utf16le').toString('base64').slice(4, -8));
    expect(written.secrets).toEqual([expect.objectContaining({ pointer: '/spec/steps/0/steps/0' })]);
    expect(written.xml).not.toContain(digits);
    expect(JSON.stringify([written.secrets, written.findings])).not.toContain(secret);
  });

  it('among the variables of the sequence is left out and listed', () => {
    const written = exported([], { variables: { DbPassword: secret, Plain: 'a', Command: `x -Password ${secret}` } });
    expect(written.xml).not.toContain(secret);
    expect(written.xml).toContain('<variable name="Plain" property="Plain">a</variable>');
    expect(written.secrets).toHaveLength(2);
  });

  it('that the site has sealed is left out and listed: its name means nothing elsewhere', () => {
    const settings = { name: 'OSDJoinPassword', value: '%_Secret-abcdefghijklmnop%' };
    const written = exported([{ step: 'S', type: 'SetTaskSequenceVariable', settings }]);
    expect(written.xml).not.toContain('_Secret-');
    expect(written.secrets).toHaveLength(1);
  });

  it('that is a variable stays a variable', () => {
    const written = exported([
      { step: 'S', type: 'SetTaskSequenceVariable', settings: { name: 'OSDJoinPassword', value: '%Given%' } },
    ]);
    expect([written.secrets, written.xml.includes('%Given%')]).toEqual([[], true]);
  });
});
