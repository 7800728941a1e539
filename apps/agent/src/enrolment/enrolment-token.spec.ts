import { deviceName } from './enrol.js';
import { parseEnrolmentToken } from './enrolment-token.js';

const secret = 's'.repeat(43);
const thumbprint = 't'.repeat(43);

describe('an enrolment token', () => {
  it('says which key the site must have', () => {
    expect(parseEnrolmentToken(` mse_${secret}.${thumbprint}\n`).siteThumbprint).toBe(thumbprint);
  });

  it.each([`mse_${secret}`, `mse_${secret}.${thumbprint}x`, `msa_${secret}.${thumbprint}`])(
    'that is not whole is refused without being repeated: %s',
    (text) => {
      expect(() => parseEnrolmentToken(text)).toThrow(expect.objectContaining({ code: 'enrolment.token-malformed' }));
      expect(() => parseEnrolmentToken(text)).not.toThrow(new RegExp(secret));
    },
  );

  it('is asked for when there is none', () => {
    expect(() => parseEnrolmentToken('')).toThrow(expect.objectContaining({ code: 'enrolment.token-missing' }));
  });
});

describe("a device's name", () => {
  it.each([
    ['PC-17.example.org', 'pc-17'],
    ['build_box', 'build-box'],
    ['-x-', 'x'],
  ])("is made of the computer's: %s", (computer, expected) => {
    expect(deviceName(undefined, computer)).toBe(expected);
  });

  it('that is no name is refused', () => {
    expect(() => deviceName('Not A Name')).toThrow(expect.objectContaining({ code: 'enrolment.name-invalid' }));
    expect(() => deviceName(undefined, '...')).toThrow(/--name/);
  });
});
