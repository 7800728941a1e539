import { z } from 'zod';
import { LIMITS } from '../limits.js';
import { listSetting, oneAtLeast, oneAtMost, optionalTextSetting } from '../steps/setting-rules.js';
import { choiceSetting, nameSetting, textSetting, wholeNumberSetting } from '../steps/setting-types.js';
import { UPDATE_TARGETS } from '../steps/install-software-updates/definition.js';

/*
 * What several templates ask for. No parameter is a secret: passwords and product keys come as secret variables of collections
 * or devices, which the steps read by themselves.
 */

export const descriptionParameter = {
  description: textSetting(LIMITS.descriptionLength).optional().meta({ description: 'what the sequence is for' }),
};

export const clientParameters = {
  clientPackage: nameSetting.meta({ description: 'package with the client that goes on in the new system' }),
  installProperties: optionalTextSetting(LIMITS.variableValueLength)
    .optional()
    .meta({ description: 'properties for the installation of the client' }),
};

export const imageParameters = {
  image: nameSetting.meta({ description: 'the system image' }),
  imageIndex: wholeNumberSetting(1, 2_147_483_647)
    .optional()
    .meta({ description: 'which image of the file; default 1' }),
};

export const windowsParameters = {
  userName: textSetting(255).optional().meta({ description: 'whom the system is registered to' }),
  organization: textSetting(255).optional().meta({ description: 'whose the system is' }),
  timeZone: textSetting(255).optional().meta({ description: 'in English, as Central European Standard Time' }),
};

export const membershipParameters = {
  domain: textSetting(255).optional().meta({ description: 'domain to join; or workgroup' }),
  organizationalUnit: textSetting(32_767)
    .optional()
    .meta({ description: 'full path, as LDAP://OU=servers,DC=example,DC=org' }),
  joinAccount: textSetting(255)
    .optional()
    .meta({ description: 'DOMAIN\\user that may join; its password is the secret variable OSDJoinPassword' }),
  workgroup: textSetting(32).optional().meta({ description: 'workgroup to join; or domain' }),
};

/** Exactly one of domain and workgroup. */
export const membershipRules = [oneAtLeast('domain', 'workgroup'), oneAtMost('domain', 'workgroup')] as const;

export const softwareParameters = {
  driverPackage: nameSetting.optional().meta({ description: 'drivers; absent: those of the catalogue that fit' }),
  updates: choiceSetting(UPDATE_TARGETS).optional().meta({ description: 'Mandatory or All; absent: none' }),
  applications: listSetting(nameSetting).optional().meta({ description: 'names, with commas; absent: none' }),
};

export const userStateParameter = {
  userStatePackage: nameSetting
    .optional()
    .meta({ description: 'package with the migration tool; absent: user files are neither kept nor restored' }),
};

type Fields = typeof clientParameters &
  typeof imageParameters &
  typeof windowsParameters &
  typeof membershipParameters &
  typeof softwareParameters &
  typeof userStateParameter;

/** What the shared building blocks read. */
export type SharedParameters = Partial<z.infer<z.ZodObject<Fields>>>;
