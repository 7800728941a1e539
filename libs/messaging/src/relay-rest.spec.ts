import { RelayRest } from './relay-rest.js';

/** A relay whose consumers say that they have applied all up to `applied`. */
function relay() {
  const rest = new RelayRest();
  const state = { applied: 0 };
  const asked: number[] = [];
  const isDue = (now: number, isBusy: boolean) =>
    rest.isDue(now, {
      isBusy,
      areApplied: async (position) => {
        asked.push(position);
        return position <= state.applied;
      },
    });
  return { rest, state, asked, isDue };
}

describe('the rest of a relay', () => {
  it('is not due while nobody waits for the service', async () => {
    const { isDue, asked } = relay();
    expect(await isDue(0, false)).toBe(false);
    expect(asked).toEqual([]);
  });

  it('lasts while the service is busy, five seconds at most', async () => {
    const { isDue } = relay();
    const due = [];
    for (const now of [100, 2_000, 5_099, 5_100, 60_000]) due.push(await isDue(now, true));
    expect(due).toEqual([true, true, true, false, false]);
  });

  it('ends with what the service was busy with', async () => {
    const { isDue } = relay();
    expect(await isDue(0, true)).toBe(true);
    expect(await isDue(10, false)).toBe(false);
  });

  it('does not begin again before all that it held up is published, and applied by everybody', async () => {
    const { rest, state, asked, isDue } = relay();
    await isDue(0, true);
    expect(await isDue(6_000, true)).toBe(false);
    rest.published(6_000, 700);
    expect(await isDue(6_100, true)).toBe(false);
    state.applied = 699;
    expect(await isDue(6_200, true)).toBe(false);
    state.applied = 700;
    expect([await isDue(6_300, true), await isDue(11_299, true), await isDue(11_300, true)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(asked).toEqual([0, 700, 700, 700]);
  });

  it('is owed nothing for what was published without one', async () => {
    const { rest, isDue } = relay();
    rest.published(0, 700);
    expect(await isDue(100, true)).toBe(true);
  });

  it('is due between two rounds, so that facts of a crowd go together, even where all are behind', async () => {
    const { rest, state, isDue } = relay();
    state.applied = -1;
    expect(await isDue(0, true)).toBe(false);
    rest.published(10, 700);
    expect([await isDue(20, false), await isDue(109, true), await isDue(110, true)]).toEqual([false, true, false]);
  });
});
