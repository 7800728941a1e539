import { type Cadence, judgeReminder } from './reminders.js';

const begins = Date.parse('2026-12-03T12:00Z');
const cadence: Cadence = { remindHours: 48, remindHoursLastDay: 4, remindMinutesLastHour: 15 };
const before = (hours: number, minutes = 0): number => begins - (hours * 60 + minutes) * 60_000;
const judge = (now: number, toldAt?: number, site: Cadence = cadence) => judgeReminder(begins, toldAt, site, now);

describe('people are reminded of a run', () => {
  it('when they have not heard of it, and again after the pace of the time that is left', () => {
    expect(judge(before(100))).toEqual({ due: true, lookAgain: before(52) });
    expect(judge(before(53), before(100))).toEqual({ due: false, lookAgain: before(52) });
    expect(judge(before(52), before(100))).toEqual({ due: true, lookAgain: before(24) });
    expect(judge(before(20), before(23))).toEqual({ due: false, lookAgain: before(19) });
    expect(judge(before(0, 30), before(0, 40))).toEqual({ due: false, lookAgain: before(0, 25) });
  });

  it('at the quicker pace as soon as that begins, when they have not heard of it for so long', () => {
    expect(judge(before(24), before(40))).toMatchObject({ due: true });
    expect(judge(before(24), before(25))).toEqual({ due: false, lookAgain: before(21) });
    expect(judge(before(1), before(1, 20))).toMatchObject({ due: true });
    expect(judge(before(2), before(3))).toEqual({ due: false, lookAgain: before(1) });
  });

  it('not at all in a time of which the site says nothing, nor when it begins', () => {
    expect(judge(before(100), undefined, { remindMinutesLastHour: 15 })).toEqual({ due: false, lookAgain: before(24) });
    expect(judge(before(0, 5), undefined, { remindHours: 48 })).toEqual({ due: false, lookAgain: Infinity });
    expect(judge(before(0, 5), before(0, 6))).toEqual({ due: false, lookAgain: Infinity });
    expect(judge(begins, before(1))).toEqual({ due: false, lookAgain: Infinity });
  });

  it('a whole pace later when the clock was set back behind what they were told', () => {
    expect(judge(before(20), before(10))).toEqual({ due: false, lookAgain: before(16) });
  });
});
