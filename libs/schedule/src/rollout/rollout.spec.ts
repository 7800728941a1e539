import * as fc from 'fast-check';
import { approveGroup, movePermit, pauseRollout, resizeGroup, resumeRollout } from './change-rollout.js';
import { decidePermit, describeStage, type HeldPermit, type PermitState } from './decide-permit.js';
import {
  currentGroup,
  errorsAllowedIn,
  errorsIn,
  judgeRollout,
  mostOpenPermits,
  neededIn,
  newProgress,
  openPermits,
  placesIn,
  type RolloutProgress,
  startedIn,
} from './judge-rollout.js';
import { type Rollout, type RolloutGroup, rolloutSchema } from './rollout.js';

const minute = 60_000;
const now = Date.parse('2026-11-26T12:00:00Z');
const pilot: RolloutGroup = { name: 'pilot', size: 2, successPercent: 100 };
const two: Rollout = { groups: [pilot, { name: 'rest' }] };

/** A fleet that asks for permits and ends its runs, as the service lets it. */
class Fleet {
  permits = new Map<number, HeldPermit>();
  progress: RolloutProgress;

  constructor(
    readonly rollout: Rollout,
    public members = 100,
    public at = now,
  ) {
    this.progress = newProgress(rollout);
    this.judge();
  }

  judge() {
    const judged = judgeRollout(this.rollout, this.progress, { now: this.at, members: this.members });
    this.progress = judged.progress;
    return judged.stage;
  }

  decide(device: number) {
    const stage = this.judge();
    const known = { now: this.at, members: this.members };
    return decidePermit(this.rollout, { progress: this.progress, stage }, this.permits.get(device), known);
  }

  ask(device: number): boolean {
    const held = this.permits.get(device);
    const decision = this.decide(device);
    if (!decision.granted) return false;
    if (held?.state !== 'open') this.progress = movePermit(this.progress, decision.group, held?.state, 'open');
    this.permits.set(device, { group: decision.group, state: 'open' });
    return true;
  }

  end(device: number, state: PermitState): void {
    const held = this.permits.get(device);
    if (held?.state !== 'open') return;
    this.progress = movePermit(this.progress, held.group, 'open', state);
    this.permits.set(device, { ...held, state });
    this.judge();
  }

  says(): string {
    const stage = this.judge();
    return describeStage(this.rollout, { progress: this.progress, stage }, this.at);
  }
}

describe('a rollout', () => {
  it('gives a group its places to those who ask first, and holds all others back until it is good', () => {
    const fleet = new Fleet(two);
    expect([1, 2, 3].map((device) => fleet.ask(device))).toEqual([true, true, false]);
    expect(fleet.decide(3)).toMatchObject({
      code: 'rollout.group-not-open',
      message: 'group pilot: 2 of 2 started, 0 of 2 needed have succeeded; group rest opens when it is good',
    });
    fleet.end(1, 'succeeded');
    expect(fleet.ask(3)).toBe(false);
    fleet.end(2, 'succeeded');
    expect(fleet.ask(3)).toBe(true);
    expect(currentGroup(fleet.progress)).toBe(1);
  });

  it.each(['failed', 'silent'] as const)('pauses itself when a device is one %s too many', (state) => {
    const fleet = new Fleet(two);
    fleet.ask(1);
    fleet.end(1, state);
    expect(fleet.judge()).toMatchObject({ stage: 'paused', code: 'rollout.too-many-errors' });
    expect(fleet.decide(2)).toMatchObject({ granted: false, code: 'rollout.is-paused' });
    expect(fleet.decide(1)).toMatchObject({ granted: false, code: 'rollout.is-paused' });
  });

  it('pauses because of a device of an earlier group, too', () => {
    const fleet = new Fleet({ groups: [{ ...pilot, successPercent: 50, errors: 0 }, { name: 'rest' }] });
    fleet.ask(1);
    fleet.ask(2);
    fleet.end(1, 'succeeded');
    expect(currentGroup(fleet.progress)).toBe(1);
    fleet.end(2, 'failed');
    expect(fleet.judge()).toMatchObject({ stage: 'paused', message: 'in group pilot 1 failed, and at most 0 may' });
  });

  it('goes on after its errors were taken, and counts them no more', () => {
    const fleet = new Fleet(two);
    fleet.ask(1);
    fleet.ask(2);
    fleet.end(1, 'failed');
    fleet.progress = resumeRollout(fleet.progress);
    expect(fleet.judge()).toMatchObject({ stage: 'starting', group: 0 });
    fleet.end(2, 'succeeded');
    expect(currentGroup(fleet.progress)).toBe(1);
    expect(fleet.says()).toBe('group rest: 0 started, 0 of 94 needed have succeeded');
  });

  it('does not take a group for good in which fewer devices are than it wants', () => {
    const fleet = new Fleet({ groups: [{ ...pilot, size: 5 }, { name: 'rest' }] }, 1);
    fleet.ask(1);
    fleet.end(1, 'succeeded');
    expect(fleet.judge()).toEqual({ stage: 'starting', group: 0 });
    expect(new Fleet(two, 0).judge()).toEqual({ stage: 'starting', group: 0 });
  });

  it('opens a group by force whatever became of the one before, and not beyond', () => {
    const fleet = new Fleet({ groups: [pilot, { ...pilot, name: 'second' }, { name: 'rest' }] });
    fleet.progress = approveGroup(fleet.progress, true, () => false)!.progress;
    expect(fleet.judge()).toEqual({ stage: 'starting', group: 1 });
  });

  it('waits after a group is good, by the time since then', () => {
    const fleet = new Fleet({ groups: [{ ...pilot, size: 1, waitMinutes: 10 }, { name: 'rest' }] });
    fleet.ask(1);
    fleet.at += 5 * minute;
    fleet.end(1, 'succeeded');
    fleet.at += 9 * minute;
    expect(fleet.judge()).toEqual({ stage: 'waiting', for: 'time', group: 1, until: now + 15 * minute });
    expect(fleet.says()).toBe('group rest opens at 2026-11-26T12:15:00.000Z, 1 min from now');
    fleet.at += minute;
    expect(fleet.ask(2)).toBe(true);
  });

  it('waits for approval, which may come before the group is good', () => {
    const needs = (index: number): boolean => index === 1;
    const rollout = {
      groups: [
        { ...pilot, size: 1 },
        { name: 'rest', approval: true },
      ],
    };
    const fleet = new Fleet(rollout);
    fleet.ask(1);
    fleet.end(1, 'succeeded');
    expect(fleet.says()).toBe('group rest waits for approval');
    expect(fleet.ask(2)).toBe(false);
    fleet.progress = approveGroup(fleet.progress, false, needs)!.progress;
    expect(fleet.ask(2)).toBe(true);
    expect(approveGroup(fleet.progress, false, needs)).toBeUndefined();

    const early = new Fleet(rollout);
    early.progress = approveGroup(early.progress, false, needs)!.progress;
    expect(currentGroup(early.progress)).toBe(0);
    expect(approveGroup(early.progress, false, needs)).toBeUndefined();
    early.ask(1);
    early.end(1, 'succeeded');
    expect(currentGroup(early.progress)).toBe(1);
  });

  it('whose first group needs approval begins with it', () => {
    const fleet = new Fleet({ groups: [{ name: 'all', approval: true }] });
    expect(fleet.judge()).toEqual({ stage: 'waiting', for: 'approval', group: 0 });
    expect(fleet.ask(1)).toBe(false);
  });

  it('lets a device that has its place start again, also when the group is full', () => {
    const fleet = new Fleet({ groups: [{ ...pilot, successPercent: 50 }] });
    fleet.ask(1);
    fleet.ask(2);
    expect(fleet.ask(1)).toBe(true);
    expect(openPermits(fleet.progress)).toBe(2);
    fleet.end(1, 'failed');
    expect(fleet.ask(3)).toBe(false);
    expect(fleet.ask(1)).toBe(true);
    fleet.end(1, 'succeeded');
    expect(fleet.progress.groups[0]).toMatchObject({ failed: 0, succeeded: 1, open: 1 });
  });

  it('takes a percent of the members of the moment in which the group opens', () => {
    const rollout = { groups: [pilot, { name: 'tenth', percent: 10, successPercent: 35 }, { name: 'rest' }] };
    const fleet = new Fleet(rollout, 10);
    for (const device of [1, 2]) fleet.ask(device);
    fleet.members = 191;
    for (const device of [1, 2]) fleet.end(device, 'succeeded');
    expect(fleet.progress.groups[1]).toMatchObject({ devices: 20 });
    expect(neededIn(rollout.groups[1]!, fleet.progress.groups[1]!)).toBe(7);
    expect(new Fleet({ groups: [{ name: 'one', percent: 1 }] }, 0).progress.groups[0]).toMatchObject({ devices: 1 });
  });

  it.each([
    [3, 10],
    [30_000, 300],
    [150_000, 900],
  ])('of %d devices has those ask again in %d s that only wait for others to end', (members, seconds) => {
    const fleet = new Fleet({ groups: [{ name: 'all' }], atMostStarted: 1 }, members);
    fleet.ask(1);
    expect(fleet.decide(2)).toMatchObject({ code: 'rollout.enough-started', askAgainSeconds: seconds });
  });

  it('gives the group that is open another size when somebody says so, and never fewer places than are taken', () => {
    const sized = (size: number): Rollout => ({ groups: [{ ...pilot, size }, { name: 'rest' }] });
    const fleet = new Fleet(sized(2));
    for (const device of [1, 2]) fleet.ask(device);
    fleet.end(1, 'succeeded');
    const facts = { now: fleet.at, members: 100 };
    const grown = resizeGroup(sized(2), sized(4), fleet.progress, facts);
    expect(grown.groups[0]).toMatchObject({ devices: 4, open: 1, succeeded: 1 });
    expect(grown.groups[1]).toEqual(fleet.progress.groups[1]);
    expect(resizeGroup(sized(4), sized(1), grown, facts).groups[0]).toMatchObject({ devices: 2 });
    expect(resizeGroup(sized(4), { ...sized(4), atMostStarted: 1 }, grown, facts)).toBe(grown);
    // One that was good with fewer is judged anew.
    const only = (size: number): Rollout => ({ groups: [{ name: 'only', size }] });
    const done = new Fleet(only(1));
    done.ask(1);
    done.end(1, 'succeeded');
    expect(done.judge()).toEqual({ stage: 'complete' });
    done.progress = resizeGroup(only(1), only(3), done.progress, facts);
    expect(judgeRollout(only(3), done.progress, facts).stage).toEqual({ stage: 'starting', group: 0 });
  });

  it('that somebody paused lets nobody start, whoever has a permit already neither', () => {
    const fleet = new Fleet(two);
    expect(fleet.ask(2)).toBe(true);
    fleet.progress = pauseRollout(fleet.progress, 'looking into it', now);
    expect(fleet.decide(1)).toMatchObject({
      code: 'rollout.is-paused',
      message: 'the rollout is paused: looking into it',
    });
    expect(fleet.decide(2)).toMatchObject({ code: 'rollout.is-paused' });
  });
});

describe('whatever devices and people do, a rollout', () => {
  const group = fc.record(
    {
      size: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      percent: fc.constantFrom(undefined, 5, 20),
      successPercent: fc.constantFrom(undefined, 1, 50, 95, 100),
      errors: fc.constantFrom(undefined, 0, 1, 3),
      waitMinutes: fc.constantFrom(undefined, 1, 30),
      approval: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const rollout: fc.Arbitrary<Rollout> = fc
    .record({ groups: fc.array(group, { minLength: 1, maxLength: 4 }), atMostStarted: fc.integer({ min: 1, max: 5 }) })
    .map(({ groups, atMostStarted }) => ({
      atMostStarted,
      groups: groups.map((one, index) => {
        const { percent, ...sized } = one;
        if (one.size !== undefined) return { ...sized, name: `g${index}` };
        return { ...one, percent: percent ?? (index < groups.length - 1 ? 10 : undefined), name: `g${index}` };
      }),
    }));
  const deed = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('ask' as const), device: fc.integer({ min: 0, max: 30 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'failed' as const, 'silent' as const),
        device: fc.integer({ min: 0, max: 30 }),
      }),
    },
    fc.record({
      do: fc.constantFrom('wait' as const, 'approve' as const, 'force' as const, 'pause' as const, 'resume' as const),
    }),
  );

  it('never has more permits open than it may, nor more starts in a group than places, nor gives one while paused or over budget', () => {
    fc.assert(
      fc.property(
        rollout,
        fc.array(deed, { maxLength: 80 }),
        fc.integer({ min: 0, max: 31 }),
        (rules, deeds, members) => {
          const fleet = new Fleet(rules, members);
          const forced = new Set<number>();
          for (const one of deeds) {
            const before = fleet.progress;
            switch (one.do) {
              case 'ask': {
                const was = fleet.permits.get(one.device)?.state;
                if (fleet.ask(one.device) && was !== 'open') {
                  expect(before.paused).toBeUndefined();
                  rules.groups.forEach((rule, index) =>
                    expect(errorsIn(before.groups[index]!)).toBeLessThanOrEqual(
                      before.groups[index]!.openedAt === undefined ? 0 : errorsAllowedIn(rule, before.groups[index]!),
                    ),
                  );
                }
                break;
              }
              case 'wait':
                fleet.at += 20 * minute;
                break;
              case 'pause':
                fleet.progress = pauseRollout(fleet.progress, 'by hand', fleet.at);
                break;
              case 'resume':
                fleet.progress = resumeRollout(fleet.progress);
                break;
              case 'approve':
              case 'force': {
                const approved = approveGroup(
                  fleet.progress,
                  one.do === 'force',
                  (at) => rules.groups[at]?.approval === true,
                );
                if (approved && one.do === 'force') forced.add(approved.group);
                fleet.progress = approved?.progress ?? fleet.progress;
                break;
              }
              default:
                fleet.end(one.device, one.do);
            }
            fleet.judge();
            const { groups } = fleet.progress;
            expect(openPermits(fleet.progress)).toBeLessThanOrEqual(mostOpenPermits(rules));
            groups.forEach((progress, index) => {
              const rule = rules.groups[index]!;
              expect(startedIn(progress)).toBeLessThanOrEqual(placesIn(rule, progress));
              const held = [...fleet.permits.values()].filter((permit) => permit.group === index);
              expect(held.length).toBe(startedIn(progress));
              if (progress.openedAt === undefined || index === 0) return;
              // Nothing opens behind a group that was never good, unless somebody said so.
              expect(forced.has(index) || groups[index - 1]!.goodAt !== undefined).toBe(true);
              if (rule.approval) expect(progress.approval).toBeDefined();
            });
            // Judging again changes nothing.
            expect(judgeRollout(rules, fleet.progress, { now: fleet.at, members: fleet.members }).progress).toEqual(
              fleet.progress,
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the rules of a rollout', () => {
  const problems = (value: unknown): string[] =>
    rolloutSchema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

  it('may leave everything but the groups open', () => {
    expect(problems({ groups: [{ name: 'all' }] })).toEqual([]);
    expect(
      problems({
        groups: [{ name: 'a', size: 5, errors: 0 }, { name: 'b', percent: 10 }, { name: 'c' }],
        atMostStarted: 20,
      }),
    ).toEqual([]);
  });

  it.each([
    [[{ name: 'a', size: 1 }, { name: 'a' }], 'groups.1.name: "a" is the name of an earlier group: each has its own'],
    [
      [{ name: 'a', size: 1, percent: 5 }, { name: 'b' }],
      'groups.0.percent: a group has a size or a percent: leave one out',
    ],
    [[{ name: 'a' }, { name: 'b' }], 'groups.0.size: only the last group is for all others: say a size or a percent'],
    [[{ name: 'a', waitMinutes: 5 }], 'groups.0.waitMinutes: behind the last group nothing waits: leave it out'],
    [
      [{ name: 'a', size: 5, errors: 1 }, { name: 'b' }],
      'groups.0.errors: with 1 errors of 5 devices, 95 % cannot succeed any more: at most 0 errors, or a lower successPercent',
    ],
    [
      [
        { name: 'a', percent: 60 },
        { name: 'b', percent: 50 },
      ],
      'groups: the percents of all groups are 110 together: at most 100',
    ],
  ])('are refused where they contradict themselves: %j', (groups, problem) => {
    expect(problems({ groups })).toEqual([problem]);
  });
});
