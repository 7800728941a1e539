import { SilentPoints } from './silent-points.js';

describe('points that do not answer', () => {
  const at = (pointUid: string, concurrency = 4) => ({ pointUid, concurrency, priorities: 7 });
  let seconds: number;
  let points: SilentPoints;

  beforeEach(() => {
    seconds = 0;
    points = new SilentPoints(() => seconds * 1000);
  });

  it('are left alone while others go on, and then tried with one transfer', () => {
    expect(points.note('down', true)).toBe(1);
    expect(points.admit([at('down'), at('up')])).toEqual([at('up')]);
    seconds = 1;
    expect(points.admit([at('down'), at('up')])).toEqual([at('down', 1), at('up')]);
  });

  it('are left alone longer each time, a minute at most', () => {
    const silences = Array.from({ length: 9 }, () => points.note('down', true));
    expect(silences).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('take everything again with their first answer', () => {
    points.note('down', true);
    points.note('down', true);
    expect(points.note('down', false)).toBeUndefined();
    expect(points.admit([at('down')])).toEqual([at('down')]);
    expect(points.note('down', true)).toBe(1);
  });
});
