import { judgeReader, linkState, NEW_READER, readerGiven, START } from './link.js';

const at = (transaction: number, sequence = 1) => ({ transaction, sequence });
const head = at(50);
const feed = { life: 'first', former: ['before'], head };
const place = (transaction: number, sequence = 1) => ({ life: 'first', after: at(transaction, sequence) });
const reader = { given: at(20), everythingUntil: START };

describe('a reader of the feed', () => {
  it('reads on where it was', () => {
    expect(judgeReader(reader, place(20), feed)).toEqual({ beginAnew: false, restored: false, reader });
  });

  it('gets everything up to the head, even its own, when it stands behind what it was given, or begins', () => {
    expect(judgeReader(reader, place(10), feed).reader).toEqual({ given: at(10), everythingUntil: head });
    expect(judgeReader(NEW_READER, { life: null, after: START }, feed).reader.everythingUntil).toEqual(head);
  });

  it('begins anew when it knows more than this site, which was restored then', () => {
    expect(judgeReader(reader, place(20, 2), feed)).toEqual({ beginAnew: true, restored: true, reader: NEW_READER });
  });

  it('is found beyond a feed that was restored while it caught up after a restore of its own', () => {
    const backup = judgeReader(reader, place(10), feed).reader;
    expect(judgeReader(backup, place(15), feed)).toMatchObject({ beginAnew: true, restored: true });
  });

  it('begins anew when it knows an earlier life of the feed, whatever its position means there', () => {
    const judged = judgeReader(reader, { life: 'before', after: at(10) }, feed);
    expect(judged).toEqual({ beginAnew: true, restored: false, reader });
  });

  it('shows by a life that the feed has forgotten that this site was restored', () => {
    const judged = judgeReader(reader, { life: 'after the backup', after: at(10) }, feed);
    expect(judged).toEqual({ beginAnew: true, restored: true, reader: NEW_READER });
  });

  it('was given what it was given, though an older question arrives late', () => {
    expect(readerGiven(reader, at(10))).toBe(reader);
    expect(readerGiven(reader, at(30)).given).toEqual(at(30));
  });
});

describe('a link', () => {
  it('is degraded from 12 failed attempts on, and failed from 24 on', () => {
    expect([0, 11, 12, 23, 24].map((attempts) => linkState(attempts))).toEqual([
      'active',
      'active',
      'degraded',
      'degraded',
      'failed',
    ]);
    expect(linkState(3, { degraded: 2, failed: 3 })).toBe('failed');
  });
});
