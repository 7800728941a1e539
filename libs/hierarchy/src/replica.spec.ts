import { lostWriteKey, mergeReplica, writeReplica, writeUnaware, type Replica } from './replica.js';

const writing = (site: string, nowMilliseconds: number) => ({ site, nowMilliseconds, chance: 0 });
const write = (current: Replica<string> | undefined, content: string | null, site: string, now: number) =>
  writeReplica(current, content, writing(site, now));

describe('a replicated object', () => {
  const first = write(undefined, 'first', 'CAS', 1_000);

  it('takes a write whose writer had seen the one before, whatever the clocks say', () => {
    const anHourBehind = write(first, 'second', 'PR1', 10);
    expect(mergeReplica(first, anHourBehind)).toEqual({ replica: anHourBehind, changed: 'content' });
  });

  it('does not change when it hears something again, or something that a later write knew', () => {
    const second = write(first, 'second', 'PR1', 2_000);
    expect(mergeReplica(second, second)).toEqual({ replica: second, changed: 'nothing' });
    expect(mergeReplica(second, first)).toEqual({ replica: second, changed: 'nothing' });
  });

  it('has one winner at both sites when both wrote at once, and keeps the other write', () => {
    const here = write(first, 'here', 'PR1', 3_000);
    const there = write(first, 'there', 'PR2', 3_000);
    const atHome = mergeReplica(here, there);
    const abroad = mergeReplica(there, here);
    expect(atHome.replica).toEqual(abroad.replica);
    expect(atHome.replica.content).toBe('there');
    expect([atHome.changed, abroad.changed]).toEqual(['content', 'seen']);
    expect(atHome.lost).toEqual({ version: here.version, basis: here.basis, content: 'here' });
    expect(abroad.lost).toEqual(atHome.lost);
    expect(lostWriteKey('Collection', 'lab', here.version)).toBe('Collection/lab/PR1-3000000');
  });

  it('is not in conflict where two people wrote the same words at once', () => {
    const by = (author: string, spec: string) => ({ spec, savedBy: { author } });
    const writeBy = (site: string, content: unknown) => writeReplica(undefined, content, writing(site, 3_000));
    const here = writeBy('PR1', by('ada', 'the same'));
    const there = writeBy('PR2', by('bob', 'the same'));
    const merged = mergeReplica(here, there);
    expect(merged.lost).toBeUndefined();
    expect(merged.replica).toEqual(mergeReplica(there, here).replica);
    expect(merged.replica.content).toEqual(by('bob', 'the same'));
    expect(mergeReplica(here, writeBy('PR2', by('bob', 'something else'))).lost?.content).toEqual(
      by('ada', 'the same'),
    );
  });

  it('keeps what another site said where a site tells of an older one that its release kept to itself', () => {
    const older = writeUnaware(first, 'older', writing('PR1', 10));
    const merged = mergeReplica(first, older);
    expect(merged.replica).toEqual(older);
    expect(merged.lost).toEqual({ version: first.version, basis: first.basis, content: 'first' });
    // A write behind it supersedes both.
    expect(mergeReplica(older, write(older, 'settled', 'CAS', 20))).not.toHaveProperty('lost');
  });

  it('keeps a change that a deletion elsewhere did not know of', () => {
    const changed = write(first, 'changed', 'PR1', 3_000);
    const deleted = write(first, null, 'PR2', 4_000);
    const merged = mergeReplica(changed, deleted);
    expect(merged.replica.content).toBeNull();
    expect(merged.lost?.content).toBe('changed');
  });

  it('loses nothing when two sites wrote the same', () => {
    const here = write(first, 'same', 'PR1', 3_000);
    expect(mergeReplica(here, write(first, 'same', 'PR2', 4_000)).lost).toBeUndefined();
  });

  it('tells a site that was restored and wrote again from what it had told before', () => {
    const told = write(first, 'told', 'PR1', 5_000);
    const again = write(first, 'again', 'PR1', 6_000);
    expect(mergeReplica(told, again).lost?.content).toBe('told');
  });

  it('never repeats a stamp after a restore while stamps run ahead of the clock', () => {
    const ahead = write(undefined, 'ahead', 'PR1', 9_000_000);
    const stamps = [0.25, 0.75].map((chance) => {
      const { version } = writeReplica(ahead, 'x', { site: 'PR1', nowMilliseconds: 1, chance });
      return version.stamp - ahead.version.stamp;
    });
    expect(stamps).toEqual([250_001, 750_001]);
  });
});
