import { highRiskSteps } from './high-risk.js';
import type { SequenceNode } from './model.js';

const step = (name: string, type: string, more: object = {}): SequenceNode => ({
  step: name,
  type,
  settings: {},
  ...more,
});

describe('the steps that put a computer at risk', () => {
  it('partition, convert, apply an image or upgrade, in any group, and are enabled', () => {
    expect(
      highRiskSteps({
        steps: [
          step('Wipe', 'FormatAndPartitionDisk'),
          { group: 'Install', steps: [step('Image', 'ApplyOperatingSystemImage'), step('Say', 'RunCommandLine')] },
          { group: 'Off', disabled: true, steps: [step('Upgrade', 'UpgradeOperatingSystem')] },
          step('Data', 'ApplyDataImage', { disabled: true }),
          step('Convert', 'ConvertDisk'),
          { sequence: 'other' },
        ],
      }),
    ).toEqual(['Wipe', 'Install/Image', 'Convert']);
  });
});
