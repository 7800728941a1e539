import { MOST_TOLD_APART, RefusalBook, SEVERAL } from './refusal-book.js';

const refusal = {
  caller: 'address:192.0.2.7',
  route: 'GET /api/v1/devices',
  code: 'auth.unknown-token',
  address: '192.0.2.7',
};

describe('refused requests', () => {
  it('are one entry for a caller and a route, however many there are, with every reason', () => {
    const book = new RefusalBook();
    for (let time = 0; time < 1_000; time += 1) book.note(refusal);
    book.note({ ...refusal, code: 'auth.malformed' });
    book.note({ ...refusal, route: 'POST /api/v1/devices' });
    const { code: _, ...told } = refusal;
    expect(book.take()).toEqual([
      { ...told, codes: ['auth.malformed', 'auth.unknown-token'], count: 1_001 },
      { ...told, route: 'POST /api/v1/devices', codes: ['auth.unknown-token'], count: 1 },
    ]);
    expect(book.take()).toEqual([]);
  });

  it('say that the secret was good once, whatever came behind it', () => {
    const book = new RefusalBook();
    book.note({ ...refusal, secret: 'revoked' });
    book.note(refusal);
    expect(book.take()).toMatchObject([{ secret: 'revoked', count: 2 }]);
  });

  it('are only counted when more callers come than anybody could read, and none is lost', () => {
    const book = new RefusalBook();
    for (let host = 0; host < 5_000; host += 1) book.note({ ...refusal, caller: `address:2001:db8::${host}` });
    const taken = book.take();
    expect(taken).toHaveLength(MOST_TOLD_APART + 1);
    expect(taken.at(-1)).toEqual({
      caller: SEVERAL,
      route: SEVERAL,
      codes: [],
      address: SEVERAL,
      count: 5_000 - MOST_TOLD_APART,
    });
  });
});
