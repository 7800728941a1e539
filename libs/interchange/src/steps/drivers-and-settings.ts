import { choice, flag, list, number, reference, secret, splitList, text } from './fields.js';
import type { StepMapping } from './mapping.js';
import { entriesOf, given, numbered } from './writing-lists.js';

/** Steps of the categories Drivers and Settings. */
export const DRIVER_AND_SETTINGS_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['SMS_TaskSequence_AutoApplyAction'],
    to: 'AutoApplyDrivers',
    fields: {
      BestMatch: flag('bestMatch'),
      UnsignedDriver: flag('allowUnsigned'),
      CategoryList: list('categories'),
      DriverCategories: list('categories'),
    },
    writing: {
      action: () =>
        'osddriverclient.exe /auto /bestmatch:%OSDAutoApplyDriverBestMatch% /unsigned:%OSDAllowUnsignedDriver%',
    },
  },
  {
    from: ['SMS_TaskSequence_ApplyDriverPackageAction'],
    to: 'ApplyDriverPackage',
    fields: {
      DriverPackageID: reference('package', 'DriverPackage'),
      PackageID: reference('package', 'DriverPackage'),
      UnsignedDriver: flag('allowUnsigned'),
      Recurse: flag('recurse'),
      DriverId: text('bootCriticalDriverId'),
      ContentUniqueID: text('bootCriticalContentUniqueId'),
    },
    finish(step, draft) {
      const id = /\/install:([^\s/,]+)/i.exec(step.action)?.[1];
      if (id !== undefined) draft.set('package', draft.reference('DriverPackage', id));
    },
    writing: {
      action: (of) => `osddriverclient.exe /install:${of('DriverPackageID')} /unsigned:%OSDAllowUnsignedDriver%`,
    },
  },
  {
    from: ['SMS_TaskSequence_CaptureNetworkSettingsAction'],
    to: 'CaptureNetworkSettings',
    fields: {
      MigrateNetworkMembership: flag('networkMembership'),
      MigrateAdapterSettings: flag('adapterSettings'),
    },
    writing: { action: () => 'osdnetsettings.exe capture' },
  },
  {
    from: ['SMS_TaskSequence_CaptureWindowsSettingsAction'],
    to: 'CaptureWindowsSettings',
    fields: {
      MigrateComputerName: flag('computerName'),
      MigrateRegistrationInfo: flag('registration'),
      MigrateTimeZone: flag('timeZone'),
    },
    writing: { action: () => 'osdwinsettings.exe /capture' },
  },
  {
    from: ['SMS_TaskSequence_ApplyNetworkSettingsAction'],
    to: 'ApplyNetworkSettings',
    fields: {
      NetworkJoinType: choice('joinType', { '0': 'Domain', '1': 'Workgroup' }),
      DomainName: text('domain'),
      DomainOUName: text('organizationalUnit'),
      DomainUsername: text('account'),
      DomainPassword: secret('password of the account that joins the domain'),
      WorkgroupName: text('workgroup'),
      DNSDomain: text('dnsDomain'),
      DNSSuffixSearchOrder: list('dnsSuffixes'),
      EnableTCPIPFiltering: flag('enableTcpIpFiltering'),
    },
    derived: ['Adapters', 'NumAdapters'],
    finish(step, draft) {
      const adapters = step.takeList('(?:Adapters|OSDAdapter)').map((entry) => adapter(entry));
      if (adapters.length > 0) draft.set('adapters', adapters);
    },
    writing: {
      properties({ adapters }) {
        const list = entriesOf(adapters).map(writtenAdapter);
        if (list.length === 0) return [];
        return [
          ...numbered('Adapters', 'OSDAdapter', list),
          ...given('NumAdapters', list.length, { name: 'OSDAdapterCount' }),
        ];
      },
      owns: /^(Adapters|OSDAdapter|NumAdapters)/i,
      action: () => 'osdnetsettings.exe configure',
    },
  },
  {
    from: ['SMS_TaskSequence_ApplyWindowsSettingsAction'],
    to: 'ApplyWindowsSettings',
    fields: {
      RegisteredUserName: text('userName'),
      RegisteredOrgName: text('organization'),
      ProductKey: secret('product key'),
      ComputerName: text('computerName'),
      RandomAdminPassword: flag('randomAdminPassword'),
      AdminPassword: secret('password of the local administrator'),
      TimeZone: text('timeZone'),
      ServerLicenseMode: choice('serverLicenseMode', { PerSeat: 'PerSeat', PerServer: 'PerServer' }),
      ServerLicenseConnectionLimit: number('serverLicenseConnectionLimit'),
      InputLocale: text('inputLocale'),
      SystemLocale: text('systemLocale'),
      UILanguage: text('uiLanguage'),
      UILanguageFallback: text('uiLanguageFallback'),
      UserLocale: text('userLocale'),
    },
    writing: { action: () => 'osdwinsettings.exe /config' },
  },
];

const adapterTexts = { name: 'name', macaddress: 'macAddress', dnsdomain: 'dnsDomain', dnssuffix: 'dnsSuffix' };
const adapterLists = {
  ipaddresslist: 'ipAddresses',
  subnetmask: 'subnetMasks',
  gateways: 'gateways',
  gatewaycostmetric: 'gatewayCostMetrics',
  dnsserverlist: 'dnsServers',
  ipprotocolfilterlist: 'ipProtocolFilters',
  tcpfilterportlist: 'tcpFilterPorts',
  udpfilterportlist: 'udpFilterPorts',
  winsserverlist: 'winsServers',
};
const adapterFlags = {
  enablednsregistration: 'enableDnsRegistration',
  enablefulldnsregistration: 'enableFullDnsRegistration',
  enableipprotocolfiltering: 'enableIpProtocolFiltering',
  enabletcpfiltering: 'enableTcpFiltering',
  enableudpfiltering: 'enableUdpFiltering',
  enablelmhosts: 'enableLmHosts',
  enablewins: 'enableWins',
};

function adapter(entry: ReadonlyMap<string, string>): Record<string, unknown> {
  const settings: Record<string, unknown> = { enableDhcp: !/^false$/i.test(entry.get('enabledhcp') ?? 'true') };
  const each = (names: Readonly<Record<string, string>>, convert: (value: string) => unknown): void => {
    for (const [theirs, ours] of Object.entries(names)) {
      const value = entry.get(theirs) ?? '';
      if (value !== '') settings[ours] = convert(value);
    }
  };
  each(adapterTexts, (value) => value);
  each(adapterLists, splitList);
  each(adapterFlags, (value) => (/^(true|false)$/i.test(value) ? /^true$/i.test(value) : value));
  return settings;
}

/** Fields of theirs for those of an adapter, with the capitals that their names have. */
const writtenFields = {
  Name: 'name',
  MACAddress: 'macAddress',
  EnableDHCP: 'enableDhcp',
  IPAddressList: 'ipAddresses',
  SubnetMask: 'subnetMasks',
  Gateways: 'gateways',
  GatewayCostMetric: 'gatewayCostMetrics',
  DNSServerList: 'dnsServers',
  DNSDomain: 'dnsDomain',
  DNSSuffix: 'dnsSuffix',
  EnableDNSRegistration: 'enableDnsRegistration',
  EnableFullDNSRegistration: 'enableFullDnsRegistration',
  EnableIPProtocolFiltering: 'enableIpProtocolFiltering',
  IPProtocolFilterList: 'ipProtocolFilters',
  EnableTCPFiltering: 'enableTcpFiltering',
  TCPFilterPortList: 'tcpFilterPorts',
  EnableUDPFiltering: 'enableUdpFiltering',
  UDPFilterPortList: 'udpFilterPorts',
  EnableLMHOSTS: 'enableLmHosts',
  EnableWINS: 'enableWins',
  WINSServerList: 'winsServers',
} as const;

function writtenAdapter(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(writtenFields).map(([theirs, ours]) => [theirs, entry[ours]]));
}
