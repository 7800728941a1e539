import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import type { ContentReference, StepDefinition } from '../definition.js';
import { codedChoiceSetting, listSetting, optionalTextSetting, requiredWhen } from '../setting-rules.js';
import { booleanSetting, nameSetting } from '../setting-types.js';

/** Where content goes, with the code that the variable OSDDownloadDestinationLocationType has for it. */
export const DOWNLOAD_DESTINATIONS = {
  taskSequenceWorkingDirectory: 'TSCache',
  clientCache: 'CCMCache',
  path: 'Custom',
} as const;

/** Kinds of content that can be downloaded. */
export const CONTENT_KINDS = ['Package', 'OsImage', 'UpgradePackage', 'BootImage', 'DriverPackage'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** Two digits count them. */
const mostPackages = 99;

const entrySetting = z.union([
  nameSetting,
  z.strictObject({ kind: z.enum(CONTENT_KINDS), name: nameSetting }).meta({ description: 'content of another kind' }),
]);

export const downloadPackageContentSettingsSchema = z
  .strictObject({
    packages: z.union([z.array(entrySetting).min(1).max(mostPackages), listSetting(nameSetting)]).meta({
      description: 'names of packages, or {kind, name} for images and other content; in their order',
    }),
    destination: codedChoiceSetting(DOWNLOAD_DESTINATIONS).optional().meta({
      description: 'taskSequenceWorkingDirectory (default): a copy that goes with the run; clientCache; path',
    }),
    path: optionalTextSetting(LIMITS.pathLength).optional().meta({
      description: 'for destination path: an absolute folder; each package comes into PATH/NAME',
    }),
    variable: z
      .union([writableNameSchema, z.literal('')])
      .optional()
      .meta({
        description: 'NAME01, NAME02, … are set to the folders, in the order of the packages',
      }),
    continueOnDownloadError: booleanSetting().optional().meta({
      description: 'default true: go on with the others when one cannot be had; the step then succeeds with warnings',
    }),
  })
  .check(requiredWhen('path', 'destination', 'path'));

export type DownloadPackageContentSettings = z.infer<typeof downloadPackageContentSettingsSchema>;

/** What a step wants to have, in its order; nothing while a variable stands for the whole list. */
export function wantedContent({ packages }: DownloadPackageContentSettings): { kind: ContentKind; name: string }[] {
  if (!Array.isArray(packages)) return [];
  return packages.map((entry) => (typeof entry === 'string' ? { kind: 'Package', name: entry } : entry));
}

/** Download Package Content: brings content to this computer and says where it is. */
export const downloadPackageContent: StepDefinition<DownloadPackageContentSettings> = {
  type: 'DownloadPackageContent',
  category: 'Software',
  title: 'Download Package Content',
  help: [
    'Brings the content of packages to this computer, verified, and tells later steps where it is: with variable: Tools, %Tools01% is the folder of the first package, %Tools02% that of the second.',
    'taskSequenceWorkingDirectory is a copy that goes with the run, and may be changed; clientCache is the verified cache itself, not to be changed and not there in PE; path puts each package into PATH/NAME, in place of what was there, never half of it.',
    'A package that cannot be had leaves its variable unset; the step goes on with the others unless continueOnDownloadError is false.',
    'The variables OSDDownloadDownloadPackages (names with commas), OSDDownloadDestinationLocationType (TSCache, CCMCache, Custom), OSDDownloadDestinationPath, OSDDownloadDestinationVariable and OSDDownloadContinueDownloadOnError override the settings.',
  ].join(' '),
  settingsSchema: downloadPackageContentSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  execution: 'executor',
  variables: {
    packages: 'OSDDownloadDownloadPackages',
    destination: 'OSDDownloadDestinationLocationType',
    path: 'OSDDownloadDestinationPath',
    variable: 'OSDDownloadDestinationVariable',
    continueOnDownloadError: 'OSDDownloadContinueDownloadOnError',
  },
  references: (settings): ContentReference[] => wantedContent(settings),
};
