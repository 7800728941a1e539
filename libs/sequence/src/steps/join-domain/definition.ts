import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { codedChoiceSetting, optionalTextSetting, requiredWhen } from '../setting-rules.js';
import { booleanSetting, holdsVariable, textSetting } from '../setting-types.js';

const domainSetting = textSetting(255).refine(
  (text) => holdsVariable(text) || /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text),
  'must be a name of a domain such as example.org',
);
const workgroupSetting = textSetting(32).refine(
  (text) => holdsVariable(text) || /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/.test(text),
  'must be a name of a workgroup such as OFFICE',
);
const oneLine = (maximum: number): z.ZodType<string, string> =>
  optionalTextSetting(maximum).regex(/^[^\r\n]*$/, 'must be one line');

export const joinDomainSettingsSchema = z
  .strictObject({
    kind: codedChoiceSetting({ domain: '0', workgroup: '1' }),
    domain: domainSetting.optional().meta({ description: 'for kind domain' }),
    organizationalUnit: oneLine(32_767)
      .optional()
      .meta({ description: 'full path, as LDAP://OU=servers,DC=example,DC=org' }),
    workgroup: workgroupSetting.optional().meta({ description: 'for kind workgroup' }),
    account: oneLine(255)
      .optional()
      .meta({ description: 'DOMAIN\\user or user@domain that may join computers; absent: a prepared account' }),
    password: oneLine(255).optional(),
    skipRestart: booleanSetting()
      .optional()
      .meta({ description: 'do not restart when the membership changed', default: false }),
  })
  .check(requiredWhen('domain', 'kind', 'domain'), requiredWhen('workgroup', 'kind', 'workgroup'));

export type JoinDomainSettings = z.infer<typeof joinDomainSettingsSchema>;

/** Join Domain or Workgroup. */
export const joinDomain: StepDefinition<JoinDomainSettings> = {
  type: 'JoinDomain',
  category: 'General',
  title: 'Join Domain or Workgroup',
  help: [
    'Makes the installed system a member of a domain, or of a workgroup and of no domain. It restarts when the membership changed, unless skipRestart is true; a computer that is a member already stays as it is, whatever its organizational unit.',
    'Linux: through realmd (realm join, realm leave); for a workgroup the line `workgroup` of /etc/samba/smb.conf is set where that file exists.',
    'The variables OSDJoinType (0 domain, 1 workgroup), OSDJoinDomainName, OSDJoinDomainOUName, OSDJoinWorkgroupName, OSDJoinAccount, OSDJoinPassword and OSDJoinSkipReboot override the settings.',
  ].join(' '),
  settingsSchema: joinDomainSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: true,
  variables: {
    kind: 'OSDJoinType',
    domain: 'OSDJoinDomainName',
    organizationalUnit: 'OSDJoinDomainOUName',
    workgroup: 'OSDJoinWorkgroupName',
    account: 'OSDJoinAccount',
    password: 'OSDJoinPassword',
    skipRestart: 'OSDJoinSkipReboot',
  },
  secretSettings: ['password'],
  execution: 'executor',
  references: () => [],
};
