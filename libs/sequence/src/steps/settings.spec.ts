import { describeStepTypes, executedWith, findingsOf } from '../../test/step-types.js';

const adapter = { enableDhcp: false, ipAddresses: '192.0.2.7', subnetMasks: ['255.255.255.0'], dnsServers: ['::1'] };

describeStepTypes([
  {
    type: 'CaptureNetworkSettings',
    good: { networkMembership: 'true', adapterSettings: '%Adapters%' },
    wrong: [
      [{ adapterSettings: 1 }, 'adapterSettings', 'sequence.wrong-type', 'write a value of type boolean or string'],
    ],
  },
  {
    type: 'CaptureWindowsSettings',
    good: { computerName: false },
    wrong: [[{ timeZone: 'UTC' }, 'timeZone', 'sequence.invalid-value', 'make it true or false']],
  },
  {
    type: 'ApplyNetworkSettings',
    good: {
      joinType: 'Domain',
      domain: 'example.org',
      account: 'EXAMPLE\\joiner',
      password: 'p',
      dnsSuffixes: 'example.org,example.net',
      adapters: [{ enableDhcp: true, macAddress: '52:54:00:12:34:56', netbios: '2' }, adapter],
    },
    wrong: [
      [{ domain: undefined }, 'domain', 'sequence.missing-field', 'add "domain"'],
      [{ joinType: 'Workgroup' }, 'workgroup', 'sequence.missing-field', 'add "workgroup"'],
      [{ joinType: '2' }, 'joinType', 'sequence.invalid-value', 'one of: Domain, Workgroup'],
      [{ workgroup: 'W'.repeat(33) }, 'workgroup', 'sequence.out-of-range', 'make it at most 32 characters'],
      [
        { adapters: [{ ...adapter, ipAddresses: undefined }] },
        'adapters/0/ipAddresses',
        'sequence.missing-field',
        'add "ipAddresses"',
      ],
      [
        { adapters: [adapter, { ...adapter, dnsServers: ['192.0.2.300'] }] },
        'adapters/1/dnsServers/0',
        'sequence.invalid-value',
        'make it an IP address',
      ],
      [
        { adapters: [{ ...adapter, macAddress: 'eth0' }] },
        'adapters/0/macAddress',
        'sequence.invalid-value',
        /a MAC address such as/,
      ],
      [
        { adapters: [{ ...adapter, enableDhcp: undefined }] },
        'adapters/0/enableDhcp',
        'sequence.missing-field',
        /enableDhcp/,
      ],
    ],
  },
  {
    type: 'ApplyWindowsSettings',
    good: {
      userName: 'Owner',
      organization: 'Example',
      computerName: '%_SMSTSMachineName%',
      randomAdminPassword: false,
      adminPassword: 'p',
      serverLicenseMode: 'PerServer',
      serverLicenseConnectionLimit: 5,
      uiLanguage: '',
    },
    wrong: [
      [
        { serverLicenseConnectionLimit: 4 },
        'serverLicenseConnectionLimit',
        'sequence.out-of-range',
        'make it at least 5',
      ],
      [
        { serverLicenseMode: 'Free' },
        'serverLicenseMode',
        'sequence.invalid-value',
        'make it one of: PerSeat, PerServer',
      ],
      [{ userName: '' }, 'userName', 'sequence.out-of-range', 'make it at least 1 character'],
      [{ organization: 'x'.repeat(256) }, 'organization', 'sequence.out-of-range', 'make it at most 255 characters'],
    ],
  },
]);

describe('the settings of ApplyNetworkSettings', () => {
  it('may configure adapters alone', () => {
    expect(findingsOf('ApplyNetworkSettings', { adapters: [adapter] })).toEqual([]);
    expect(findingsOf('ApplyNetworkSettings', {})).toEqual([]);
  });
});

describe('variables of a device', () => {
  it('hold codes and lists as the sources write them', () => {
    const settings = { joinType: 'Workgroup', workgroup: 'W', dnsSuffixes: ['a.org'] };
    const variables = { OSDNetworkJoinType: '0', OSDDomainName: 'd.org', OSDDNSSuffixSearchOrder: 'b.org, c.org' };
    expect(executedWith('ApplyNetworkSettings', settings, variables)).toEqual({
      joinType: 'Domain',
      domain: 'd.org',
      workgroup: 'W',
      dnsSuffixes: ['b.org', 'c.org'],
    });
  });
});
