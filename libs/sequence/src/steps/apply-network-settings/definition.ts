import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import {
  addressSetting,
  codedChoiceSetting,
  listSetting,
  optionalTextSetting,
  requiredWhen,
} from '../setting-rules.js';
import { booleanSetting, holdsVariable, textSetting, wholeNumberSetting } from '../setting-types.js';

const addresses = listSetting(addressSetting).optional();

const adapterSchema = z
  .strictObject({
    name: optionalTextSetting(255).optional().meta({ description: 'name of the connection' }),
    macAddress: z
      .string()
      .refine(
        (text) => holdsVariable(text) || /^[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}$/.test(text),
        'must be a MAC address such as 52:54:00:12:34:56',
      )
      .optional()
      .meta({ description: 'which adapter; absent: by index' }),
    index: wholeNumberSetting(0, 999).optional(),
    enableDhcp: booleanSetting(),
    ipAddresses: addresses,
    subnetMasks: listSetting().optional(),
    gateways: addresses,
    gatewayCostMetrics: listSetting().optional(),
    dnsServers: addresses,
    dnsDomain: optionalTextSetting(255).optional(),
    dnsSuffix: optionalTextSetting(255).optional(),
    enableDnsRegistration: booleanSetting().optional().meta({ default: true }),
    enableFullDnsRegistration: booleanSetting().optional().meta({ default: false }),
    enableIpProtocolFiltering: booleanSetting().optional().meta({ default: false }),
    ipProtocolFilters: listSetting().optional(),
    enableTcpFiltering: booleanSetting().optional().meta({ default: false }),
    tcpFilterPorts: listSetting().optional(),
    enableUdpFiltering: booleanSetting().optional().meta({ default: false }),
    udpFilterPorts: listSetting().optional(),
    netbios: codedChoiceSetting({ FromDhcp: '0', Enabled: '1', Disabled: '2' })
      .optional()
      .meta({ description: 'NetBIOS over TCP/IP', default: 'FromDhcp' }),
    enableLmHosts: booleanSetting().optional(),
    enableWins: booleanSetting().optional(),
    winsServers: addresses,
  })
  .check(
    requiredWhen('ipAddresses', 'enableDhcp', false),
    requiredWhen('subnetMasks', 'enableDhcp', false),
    requiredWhen('dnsServers', 'enableDhcp', false),
  );

export const applyNetworkSettingsSettingsSchema = z
  .strictObject({
    joinType: codedChoiceSetting({ Domain: '0', Workgroup: '1' })
      .optional()
      .meta({ description: 'absent: only the adapters are configured' }),
    domain: textSetting(255).optional().meta({ description: 'for joinType Domain' }),
    organizationalUnit: optionalTextSetting(32_767)
      .optional()
      .meta({ description: 'full path, as LDAP://OU=servers,DC=example,DC=org' }),
    account: optionalTextSetting(255).optional().meta({ description: 'DOMAIN\\user that may join computers' }),
    password: optionalTextSetting(255).optional(),
    workgroup: textSetting(32).optional().meta({ description: 'for joinType Workgroup' }),
    dnsDomain: optionalTextSetting(255).optional().meta({ description: 'the primary domain of the computer' }),
    dnsSuffixes: listSetting().optional().meta({ description: 'domains that short names are looked up in, in order' }),
    enableTcpIpFiltering: booleanSetting().optional().meta({ default: false }),
    adapters: z.array(adapterSchema).max(100).optional(),
  })
  .check(requiredWhen('domain', 'joinType', 'Domain'), requiredWhen('workgroup', 'joinType', 'Workgroup'));

export type ApplyNetworkSettingsSettings = z.infer<typeof applyNetworkSettingsSettingsSchema>;

/** Apply Network Settings: what the new system shall do with its network. */
export const applyNetworkSettings: StepDefinition<ApplyNetworkSettingsSettings> = {
  type: 'ApplyNetworkSettings',
  category: 'Settings',
  title: 'Apply Network Settings',
  help:
    'Writes network adapters and domain or workgroup into the answer file of the system that was applied; they take effect when it sets ' +
    'itself up. Captured values win. Of several such steps the last wins, whatever their conditions: condition their groups instead.',
  settingsSchema: applyNetworkSettingsSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: {
    joinType: 'OSDNetworkJoinType',
    domain: 'OSDDomainName',
    organizationalUnit: 'OSDDomainOUName',
    account: 'OSDJoinAccount',
    password: 'OSDJoinPassword',
    workgroup: 'OSDWorkgroupName',
    dnsDomain: 'OSDDNSDomain',
    dnsSuffixes: 'OSDDNSSuffixSearchOrder',
    enableTcpIpFiltering: 'OSDEnableTCPIPFiltering',
  },
  secretSettings: ['password'],
  execution: 'unsupported',
  references: () => [],
};
