import { Batches } from './batches.js';

/** Batches that end when told. */
function batches(limits: { atOnce: number; most: number; pauseMilliseconds?: number } = { atOnce: 1, most: 10 }) {
  const begun: number[][] = [];
  const ends: (() => void)[] = [];
  const doubled = new Batches<number, number>((items) => {
    begun.push([...items]);
    return new Promise((resolve, reject) => {
      ends.push(() =>
        items.includes(13)
          ? reject(new Error('13'))
          : items.includes(99)
            ? reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
            : resolve(items.map((item) => 2 * item)),
      );
    });
  }, limits);
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  return { doubled, begun, end: async () => (ends.shift()?.(), nextTurn()), nextTurn };
}

describe('batches', () => {
  it('gather what comes while one is under way, and answer each its own', async () => {
    const { doubled, begun, end, nextTurn } = batches();
    const first = doubled.add(1);
    await nextTurn();
    const others = [2, 3, 4].map((item) => doubled.add(item));
    await nextTurn();
    expect(begun).toEqual([[1]]);
    await end();
    expect(await first).toBe(2);
    expect(begun).toEqual([[1], [2, 3, 4]]);
    await end();
    expect(await Promise.all(others)).toEqual([4, 6, 8]);
  });

  it('are as many at once as may be, and weigh no more than they may', async () => {
    const { doubled, begun, nextTurn } = batches({ atOnce: 2, most: 2 });
    for (const item of [1, 2, 3, 4, 5]) void doubled.add(item);
    await nextTurn();
    expect(begun).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('begin apart from each other when more come than one, unless one is full', async () => {
    const { doubled, begun, nextTurn } = batches({ atOnce: 9, most: 3, pauseMilliseconds: 60_000 });
    void doubled.add(1);
    await nextTurn();
    void doubled.add(2);
    await nextTurn();
    void doubled.add(3);
    await nextTurn();
    expect(begun).toEqual([[1]]);
    void doubled.add(4);
    await nextTurn();
    expect(begun).toEqual([[1], [2, 3, 4]]);
  });

  it('fail only for the item that is the reason', async () => {
    const { doubled, begun, end, nextTurn } = batches();
    const asked = [1, 13, 2].map((item) => doubled.add(item).catch((error: Error) => error.message));
    await nextTurn();
    for (let turn = 0; turn < 4; turn += 1) await end();
    expect(await Promise.all(asked)).toEqual([2, '13', 4]);
    expect(begun).toEqual([[1, 13, 2], [1], [13], [2]]);
  });

  it('fail as a whole of what may pass, and go on', async () => {
    const { doubled, begun, end, nextTurn } = batches();
    const asked = [1, 99].map((item) => doubled.add(item).catch((error: Error) => error.message));
    await nextTurn();
    await end();
    expect(await Promise.all(asked)).toEqual(['gone', 'gone']);
    const next = doubled.add(5);
    await nextTurn();
    await end();
    expect(await next).toBe(10);
    expect(begun).toEqual([[1, 99], [5]]);
  });
});
