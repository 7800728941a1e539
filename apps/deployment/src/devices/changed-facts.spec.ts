import { changedFacts } from './changed-facts.js';

describe('facts that changed', () => {
  it('are named as queries read them', () => {
    const before = { os: { id: 'debian', versionId: '12' }, hostname: 'a', disks: [{ name: 'sda', sizeMegabytes: 1 }] };
    const after = { os: { id: 'debian', versionId: '13' }, hostname: 'b', disks: [{ name: 'sda', sizeMegabytes: 2 }] };
    expect(changedFacts(before, after)).toEqual(['os.versionId', 'hostname', 'disks']);
    expect(changedFacts(after, structuredClone(after))).toEqual([]);
  });

  it('are all of a record that appears or goes', () => {
    expect(changedFacts({}, { agent: { version: '1' } })).toEqual(['agent.version']);
    expect(changedFacts({ machine: {} }, undefined)).toEqual(
      expect.arrayContaining(['machine.uuid', 'machine.serialNumber']),
    );
  });
});
