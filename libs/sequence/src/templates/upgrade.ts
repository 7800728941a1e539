import { z } from 'zod';
import { nameSetting, wholeNumberSetting } from '../steps/setting-types.js';
import { group, software, step } from './building-blocks.js';
import { descriptionParameter, softwareParameters } from './parameters.js';
import type { SequenceTemplate } from './template.js';

const parameters = z.strictObject({
  upgradePackage: nameSetting.meta({ description: 'installation source of the newer version' }),
  edition: wholeNumberSetting(1, 2_147_483_647)
    .optional()
    .meta({ description: 'which edition of the package; default 1' }),
  minimumFreeDiskMegabytes: wholeNumberSetting(1, 2_147_483_647)
    .optional()
    .meta({ description: 'checked before; default 20480' }),
  driverPackage: nameSetting.optional().meta({ description: 'drivers for the new version' }),
  updates: softwareParameters.updates,
  applications: softwareParameters.applications,
  ...descriptionParameter,
});

/** Upgrade from an upgrade package. */
export const upgrade: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'upgrade',
  title: 'Upgrade from an upgrade package',
  help:
    'Checks a running system, brings it to a newer version with its applications, data and settings, and finishes it. Groups for what is to ' +
    'be done when setup went back, or failed, are there to be filled.',
  parameters,
  build: ({ description, upgradePackage, edition, driverPackage, minimumFreeDiskMegabytes, ...given }) => ({
    ...(description === undefined ? {} : { description }),
    steps: [
      group(
        'Prepare for Upgrade',
        [
          step('Check Readiness', 'CheckReadiness', {
            minimumFreeDiskMegabytes: minimumFreeDiskMegabytes ?? 20_480,
            acPower: true,
          }),
        ],
        { condition: { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' } },
      ),
      group('Upgrade the Operating System', [
        // Absorbed here, and judged by the groups below: the last of them fails the run.
        step(
          'Upgrade Operating System',
          'UpgradeOperatingSystem',
          { upgradePackage, edition, driverPackage },
          { continueOnError: true },
        ),
      ]),
      group(
        'Post-Processing',
        [step('Restart Computer', 'RestartComputer', { target: 'FullOS' }), ...software(given)],
        {
          condition: succeeded(true),
        },
      ),
      group('Rollback', [], {
        condition: { variable: '_SMSTSSetupRollback', operator: 'equals', value: 'true' },
        description: 'What to do when setup went back to the old version',
      }),
      group(
        'Run Actions on Failure',
        [
          step(
            'Fail the Run',
            'RunCommandLine',
            { command: 'cmd.exe /c exit 1' },
            { description: 'Put what is to be done before it' },
          ),
        ],
        { condition: succeeded(false) },
      ),
    ],
  }),
};

function succeeded(yes: boolean) {
  const operator = yes ? ('equals' as const) : ('notEquals' as const);
  return { variable: '_SMSTSOSUpgradeActionReturnCode', operator, value: '0' };
}
