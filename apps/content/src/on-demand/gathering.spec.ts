import { Gathering } from './gathering.js';

describe('work that is gathered', () => {
  /** Work that ends when the test says so. */
  function slowWork() {
    const begun: { items: string[]; end: (error?: Error) => void }[] = [];
    const work = (items: ReadonlySet<string>) =>
      new Promise<number>((resolve, reject) => {
        const nth = begun.length + 1;
        begun.push({ items: [...items], end: (error) => (error ? reject(error) : resolve(nth)) });
      });
    return { begun, work };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('is done once for all who ask before it begins, and once more for all who ask while it is under way', async () => {
    const gathering = new Gathering<string, number>();
    const { begun, work } = slowWork();
    const first = [gathering.ask('k', ['a'], work), gathering.ask('k', ['b', 'a'], work)];
    await turn();
    const later = Array.from({ length: 100 }, (_, index) => gathering.ask('k', [`later-${index}`], work));
    await turn();
    expect(begun.map(({ items }) => items)).toEqual([['a', 'b']]);
    begun[0]!.end();
    expect(await Promise.all(first)).toEqual([1, 1]);
    await turn();
    expect(begun.map(({ items }) => items.length)).toEqual([2, 100]);
    begun[1]!.end();
    expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
  });

  it('goes on for those who ask next after a failure, which only its own askers hear of', async () => {
    const gathering = new Gathering<string, number>();
    const { begun, work } = slowWork();
    const failing = gathering.ask('k', ['a'], work);
    await turn();
    const next = gathering.ask('k', ['b'], work);
    begun[0]!.end(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    await turn();
    begun[1]!.end();
    expect(await next).toBe(2);
    expect(begun.map(({ items }) => items)).toEqual([['a'], ['b']]);
  });

  it('does not wait for work of another key', async () => {
    const gathering = new Gathering<string, number>();
    const { begun, work } = slowWork();
    void gathering.ask('k', ['a'], work);
    void gathering.ask('other', ['b'], work);
    await turn();
    expect(begun.map(({ items }) => items)).toEqual([['a'], ['b']]);
  });
});
