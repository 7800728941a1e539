import { parseMoment } from './moment.js';

const now = new Date('2026-11-26T12:00:00Z');

describe('a moment', () => {
  it.each([
    ['90m', -1, '2026-11-26T10:30:00.000Z'],
    ['2h', 1, '2026-11-26T14:00:00.000Z'],
    ['1w', -1, '2026-11-19T12:00:00.000Z'],
    ['2026-12-01T22:00+01:00', 1, '2026-12-01T21:00:00.000Z'],
    ['2026-12-01T22:00:30Z', 1, '2026-12-01T22:00:30.000Z'],
  ] as const)('%s is understood', (text, towards, moment) => {
    expect(parseMoment(text, towards, now)).toBe(moment);
  });

  it.each(['tomorrow', '2h30m', '-2h', '2026-12-01', '2026-12-01T22:00', '2026-13-01T22:00Z', ''])(
    '"%s" is refused: it does not say when',
    (text) => {
      expect(() => parseMoment(text, 1, now)).toThrow('is expected');
    },
  );
});
