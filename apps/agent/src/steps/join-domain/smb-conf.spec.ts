import { withWorkgroup } from './smb-conf.js';

describe('the workgroup in smb.conf', () => {
  it.each([
    ['[global]\n  Workgroup=OLD\n', '[global]\n  Workgroup= NEW\n'],
    [
      '[global]\nworkgroup = A\nx = 1\nworkgroup = B\n[share]\nworkgroup = C',
      '[global]\nx = 1\nworkgroup = NEW\n[share]\nworkgroup = C',
    ],
    ['# workgroup = A\n[ Global ]\n;workgroup = B', '# workgroup = A\n[ Global ]\n   workgroup = NEW\n;workgroup = B'],
    ['[share]\npath = /x\n', '[global]\n   workgroup = NEW\n[share]\npath = /x\n'],
    ['', '[global]\n   workgroup = NEW\n'],
  ])('is set in %j', (before, after) => {
    expect(withWorkgroup(before, 'NEW')).toBe(after);
    expect(withWorkgroup(after, 'NEW')).toBe(after);
  });
  it('is taken as it is written, also with signs that a replacement knows', () => {
    expect(withWorkgroup('[global]\nworkgroup = A', '$&')).toBe('[global]\nworkgroup = $&');
  });
});
