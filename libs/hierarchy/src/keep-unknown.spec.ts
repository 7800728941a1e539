import { keepUnknown } from './keep-unknown.js';

describe('a document of a newer release that an older one changes', () => {
  it('keeps the fields that the older one does not know, in objects at any depth', () => {
    const previous = { spec: { rules: [1], colour: 'red', window: { start: 1, zone: 'UTC' } }, badge: true };
    const understood = { spec: { rules: [1], window: { start: 1 } } };
    const next = { spec: { rules: [1, 2], window: { start: 5 } } };
    expect(keepUnknown(previous, understood, next)).toEqual({
      spec: { rules: [1, 2], colour: 'red', window: { start: 5, zone: 'UTC' } },
      badge: true,
    });
  });

  it('loses the fields that somebody took away', () => {
    expect(keepUnknown({ a: 1, b: 2 }, { a: 1, b: 2 }, { a: 3 })).toEqual({ a: 3 });
  });

  it('takes lists as a whole', () => {
    expect(keepUnknown({ list: [{ x: 1, y: 2 }] }, { list: [{ x: 1 }] }, { list: [{ x: 3 }] })).toEqual({
      list: [{ x: 3 }],
    });
  });
});
