import type { GroupNode, SequenceNode, SequenceSpec } from '../model.js';
import { collectReferences } from '../references.js';
import { validateSequence } from '../validate.js';
import { makeSequence, templateSummaries } from './registry.js';

const install = { image: 'windows-11', clientPackage: 'client', workgroup: 'OFFICE' };
const minimal: Record<string, Record<string, unknown>> = {
  'install-image': install,
  'build-and-capture': {
    image: 'windows-11',
    clientPackage: 'client',
    captureDestination: '\\\\files\\images\\new.wim',
  },
  upgrade: { upgradePackage: 'windows-12' },
  'capture-restore-user-state': { userStatePackage: 'usmt' },
  'virtual-disk': install,
  custom: {},
};

function made(template: string, parameters: Record<string, unknown>): SequenceSpec {
  const result = makeSequence(template, parameters);
  if ('findings' in result) throw new Error(JSON.stringify(result.findings));
  return result.spec;
}

function groupCalled(nodes: readonly SequenceNode[], name: string): GroupNode {
  const found = nodes.find((node): node is GroupNode => 'group' in node && node.group === name);
  if (!found) throw new Error(`no group ${name}`);
  return found;
}

const names = (nodes: readonly SequenceNode[]): string[] =>
  nodes.map((node) => ('group' in node ? `[${node.group}]` : 'step' in node ? node.step : node.sequence));

describe('every template', () => {
  it('is one of the six that the specification names', () => {
    expect(templateSummaries().map(({ name }) => name)).toEqual(Object.keys(minimal));
  });

  it.each(Object.entries(minimal))('%s makes a valid sequence of what it must have', (template, parameters) => {
    expect(validateSequence(made(template, parameters))).toEqual([]);
  });

  it.each(Object.entries(minimal))('%s says what it must have and what else it takes', (template, parameters) => {
    const summary = templateSummaries().find(({ name }) => name === template);
    const required = summary?.parameters.filter((parameter) => parameter.required).map(({ name }) => name) ?? [];
    expect(Object.keys(parameters)).toEqual(expect.arrayContaining(required));
    for (const { description } of summary?.parameters ?? []) expect(description).not.toBe('');
  });

  it.each(Object.entries(minimal))(
    '%s refers, with its enabled nodes, only to what its parameters name',
    (template, parameters) => {
      const given = new Set(Object.values(parameters));
      for (const { reference, disabled } of collectReferences(made(template, parameters)))
        if (!disabled) expect(given).toContain(reference.name);
    },
  );
});

describe('the template to install an image', () => {
  const { steps } = made('install-image', install);

  it('has the groups of the specification, with their conditions', () => {
    expect(names(steps)).toEqual([
      '[Capture Files and Settings]',
      '[Install Operating System]',
      '[Setup Operating System]',
      '[Restore User Files]',
    ]);
    const inPe = { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' };
    expect(groupCalled(steps, 'Capture Files and Settings').condition).toEqual(inPe);
    const inside = groupCalled(steps, 'Install Operating System').steps;
    expect(names(inside)).toEqual([
      'Restart in Windows PE',
      'Partition Disk 0 - BIOS',
      'Partition Disk 0 - UEFI',
      'Apply Operating System',
      'Apply Windows Settings',
      'Apply Network Settings',
      'Apply Device Drivers',
      'Setup Windows and Configuration Manager',
    ]);
    expect(inside[0]?.condition).toEqual(inPe);
    expect(inside[2]?.condition).toEqual({
      all: [
        { variable: '_SMSTSClientCache', operator: 'notExists' },
        { variable: '_SMSTSBootUEFI', operator: 'equals', value: 'true' },
      ],
    });
  });

  it('keeps and restores user files only when it is told with what', () => {
    const without = groupCalled(groupCalled(steps, 'Capture Files and Settings').steps, 'Capture User Files');
    expect([without.disabled, groupCalled(steps, 'Restore User Files').disabled]).toEqual([true, true]);
    const more = made('install-image', { ...install, userStatePackage: 'usmt' }).steps;
    const restore = groupCalled(more, 'Restore User Files');
    expect(restore.disabled).toBeUndefined();
    expect(names(restore.steps)).toEqual([
      'Request User State Storage',
      'Restore User Files',
      'Release User State Storage',
    ]);
    expect(restore.steps[1]).toMatchObject({ settings: { package: 'usmt' }, continueOnError: true });
  });

  it('takes lists and numbers as texts, as command lines have them', () => {
    const { steps: all } = made('install-image', { ...install, applications: 'editor, browser', imageIndex: '3' });
    expect(groupCalled(all, 'Setup Operating System').steps[1]).toMatchObject({
      settings: { applications: ['editor', 'browser'] },
    });
    expect(JSON.stringify(all)).toContain('"imageIndex":3');
  });

  it('says everything that is missing or wrong at once', () => {
    const result = makeSequence('install-image', { imageIndex: 'first', colour: 'blue' });
    expect('findings' in result && result.findings.map(({ path, code }) => [path, code])).toEqual([
      ['/parameters/image', 'sequence.missing-field'],
      ['/parameters/imageIndex', 'sequence.invalid-value'],
      ['/parameters/clientPackage', 'sequence.missing-field'],
      ['/parameters/colour', 'sequence.unknown-field'],
      ['/parameters/domain', 'sequence.missing-field'],
    ]);
  });

  it('joins a domain or a workgroup, never both', () => {
    const result = makeSequence('install-image', { ...install, domain: 'example.org' });
    expect('findings' in result && result.findings).toEqual([
      expect.objectContaining({ message: '"workgroup" and "domain" exclude each other' }),
    ]);
  });
});

describe('a template that there is not', () => {
  it('is refused with the one that was meant', () => {
    expect(makeSequence('instal-image', {})).toEqual({
      findings: [expect.objectContaining({ code: 'template.unknown', fix: 'did you mean install-image?' })],
    });
  });
});
