import { judgeReader, linkState, NEW_READER, readerGiven, START } from './link.js';

const at = (transaction: number, sequence = 1) => ({ transaction, sequence });
const head = at(50);
const reader = { given: at(20), everythingUntil: START };

describe('a reader of the feed', () => {
  it('reads on where it was', () => {
    expect(judgeReader(reader, at(20), head)).toEqual({ beginAnew: false, reader });
  });

  it('gets everything up to the head, even its own, when it stands behind what it was given, or begins', () => {
    expect(judgeReader(reader, at(10), head).reader).toEqual({ given: at(20), everythingUntil: head });
    expect(judgeReader(NEW_READER, START, head).reader.everythingUntil).toEqual(head);
  });

  it('begins anew when it knows more than this site, which was restored then', () => {
    expect(judgeReader(reader, at(20, 2), head)).toEqual({ beginAnew: true, reader: NEW_READER });
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
