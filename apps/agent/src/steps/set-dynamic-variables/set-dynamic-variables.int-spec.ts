import { SystemTree } from '../../facts/system-tree.js';
import { SoftwareRun } from '../../../test/software-run.js';
import { stepContext } from '../../../test/step-context.js';
import { defaultRoutes } from './default-gateways.js';
import { factVariables, gatherComputerFacts, setDynamicVariables } from './execute.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
});
afterEach(() => at.remove());

const step = (rules: object[]): { type: string; settings: Record<string, unknown> } => ({
  type: 'SetDynamicVariables',
  settings: { rules },
});

describe('Set Dynamic Variables', () => {
  it('tells what this computer is, and lets rules use it', async () => {
    const facts = await gatherComputerFacts();
    const [gateway = 'none'] = facts.defaultGateways;
    const result = await at.step(
      step([
        { when: { location: { defaultGateway: gateway } }, set: [{ name: 'Here', value: 'yes' }] },
        { when: { makeModel: { make: '*', model: '*' } }, set: [{ name: 'Any', value: '%_SMSTSIPAddresses%' }] },
        { when: { computer: { assetTag: 'no such tag' } }, set: [{ name: 'Never', value: '1' }] },
      ]),
    );
    expect(result.report).toMatchObject({ outcome: 'succeeded', output: expect.stringMatching(/of 3 rules applied/) });
    expect(result.variable('Here')).toBe(facts.defaultGateways.length > 0 ? 'yes' : undefined);
    expect(result.variable('Any')).toBe(factVariables(facts)['_SMSTSIPAddresses'] || undefined);
    expect(result.variable('Never')).toBeUndefined();
  });

  it('reads maker, model and numbers from the tables of the firmware', async () => {
    const names = {
      sys_vendor: 'Dell Inc.',
      product_name: 'Latitude 5420',
      product_serial: 'ABC1234',
      chassis_asset_tag: 'IT-7',
      product_uuid: '4C4C4544-0035',
    };
    for (const [name, text] of Object.entries(names)) at.write(`sys/class/dmi/id/${name}`, `${text}\n`);
    at.write('proc/net/route', 'Iface Destination\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n');
    const context = stepContext(at.folder);
    const rules = [
      { when: { makeModel: { make: 'Dell*', model: 'latitude*' } }, set: [{ name: 'Laptop', value: '%_SMSTSModel%' }] },
    ];
    await setDynamicVariables({ rules }, context, () => gatherComputerFacts(new SystemTree(at.folder)));
    const value = (name: string): string | undefined => context.variables.read(name)?.value;
    expect(
      ['Make', 'Model', 'SerialNumber', 'AssetTag', 'UUID', 'DefaultGateways'].map((name) => value(`_SMSTS${name}`)),
    ).toEqual(['Dell Inc.', 'Latitude 5420', 'ABC1234', 'IT-7', '4c4c4544-0035', '192.0.2.1']);
    expect(value('Laptop')).toBe('Latitude 5420');
  });

  it('forgets a fact that is not known any more, and keeps lists that are too long in one piece', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `fd00::${index.toString(16)}:1`);
    const facts = { macAddresses: [], ipAddresses: many, defaultGateways: [] };
    const context = stepContext(at.folder);
    context.variables.write({ name: '_SMSTSMake', value: 'old' });
    await setDynamicVariables({}, context, () => Promise.resolve(facts));
    expect(context.variables.read('_SMSTSMake')).toBeUndefined();
    const list = context.variables.read('_SMSTSIPAddresses')?.value ?? '';
    expect(list.length).toBeLessThanOrEqual(4000);
    expect(many.slice(0, list.split(',').length).join(',')).toBe(list);
  });

  it('fails when a rule writes a name that is not its own, with nothing of a secret in the report', async () => {
    const rules = [
      {
        set: [
          { name: 'Pw', value: 'secret-text', secret: true },
          { name: 'Copy', value: 'x%Pw%' },
        ],
      },
      { set: [{ name: '%Which%', value: '%Pw%' }] },
    ];
    const { report } = await at.step(step(rules), { Which: '_SMSTSMake' });
    expect(report).toMatchObject({ outcome: 'failed', code: 'variable.read-only' });
    const shown = await at.step(step(rules), { Which: 'Third' });
    expect(shown.variable('Third')).toBe('secret-text');
    const { report: later } = await at.steps(
      [
        { step: 'set', ...step(rules) },
        { step: 'show', type: 'RunCommandLine', settings: { command: 'echo %Copy%' } },
      ],
      { Which: 'Third' },
    );
    expect(later?.output).toBe('********');
  });

  it('warns of a name that nothing defines', async () => {
    const { report } = await at.step(step([{ set: [{ name: 'A', value: '[%Nobody%]' }] }]));
    expect(report?.warnings).toEqual(['nothing defines %Nobody%']);
  });
});

describe('default routes', () => {
  it('are read for both protocols, each once, and only with a gateway', () => {
    at.write(
      'proc/net/route',
      [
        'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
        'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
        'eth0\t00000000\t010200C0\t0003\t0\t0\t9\t00000000\t0\t0\t0',
        'ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0',
        'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
        'tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0',
      ].join('\n'),
    );
    const zeros = '0'.repeat(32);
    at.write(
      'proc/net/ipv6_route',
      [
        `fd000000000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001     eth0`,
        `${zeros} 00 ${zeros} 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0`,
        `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo`,
      ].join('\n'),
    );
    expect(defaultRoutes(new SystemTree(at.folder))).toEqual([
      { gateway: '192.0.2.1', adapter: 'eth0' },
      { gateway: 'fd00::1', adapter: 'eth0' },
    ]);
    expect(defaultRoutes(new SystemTree(at.path('empty')))).toEqual([]);
  });
});
