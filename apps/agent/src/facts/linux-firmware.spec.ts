import { ComputersOfFiles } from '../../test/computer-of-files.js';
import { biosFacts, secureBootOf, tpmFact } from './linux-firmware.js';

const computers = new ComputersOfFiles();
afterAll(() => computers.remove());
const dmi = '/sys/class/dmi/id';
const tpm = '/sys/class/tpm/tpm0';

describe('the firmware', () => {
  it('says which it is, as far as its maker filled that in', () => {
    const told = computers.make({
      [`${dmi}/bios_vendor`]: 'LENOVO\n',
      [`${dmi}/bios_version`]: 'N32ET75W (1.51 )\n',
      [`${dmi}/bios_date`]: '12/02/2021\n',
    });
    expect(biosFacts(told)).toEqual({ vendor: 'LENOVO', version: 'N32ET75W (1.51 )', releasedOn: '2021-12-02' });
    const strange = computers.make({ [`${dmi}/bios_vendor`]: 'To be filled by O.E.M.', [`${dmi}/bios_date`]: 'today' });
    expect(biosFacts(strange)).toBeUndefined();
  });

  it.each([
    [1, true],
    [0, false],
  ])('of UEFI says with %s that secure boot is on: %s', (byte, expected) => {
    const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
    expect(secureBootOf(computers.make({ [variable]: Buffer.from([6, 0, 0, 0, byte]) }))).toBe(expected);
    expect(secureBootOf(computers.make({ [variable]: Buffer.from([1]) }))).toBeUndefined();
  });

  it('that is no UEFI says nothing of secure boot', () => {
    expect(secureBootOf(computers.make({}))).toBeUndefined();
  });

  it('has a TPM, none, or nobody can see', () => {
    expect(tpmFact(computers.make({ [`${tpm}/tpm_version_major`]: '2\n' }))).toEqual({
      present: true,
      majorVersion: 2,
      enabled: true,
      activated: true,
    });
    expect(tpmFact(computers.make({ '/sys/class/net/lo/address': '' }))).toEqual({ present: false });
    expect(tpmFact(computers.make({}))).toBeUndefined();
  });
});
