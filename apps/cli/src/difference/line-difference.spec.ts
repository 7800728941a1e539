import * as fc from 'fast-check';
import { lineDifference } from './line-difference.js';

describe('line differences', () => {
  it('are none for equal texts', () => {
    expect(lineDifference(['a', 'b'], ['a', 'b'])).toEqual([]);
  });

  it('show changed lines with three lines around them', () => {
    const before = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    const after = ['1', '2', '3', '4', 'five', '6', '7', '8', '9'];
    expect(lineDifference(before, after)).toEqual(['@@ -2 +2 @@', ' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8']);
  });

  it('show a new text as added lines', () => {
    expect(lineDifference([], ['a', 'b'])).toEqual(['@@ -1 +1 @@', '+a', '+b']);
  });

  it('hold both texts, whatever they are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const difference = lineDifference(before, after).filter((line) => !line.startsWith('@@'));
        if (difference.length === 0) return before.join() === after.join();
        const side = (signs: string) =>
          difference.filter((line) => signs.includes(line[0] ?? '')).map((line) => line.slice(1));
        // With so few lines the context covers everything.
        expect(side(' -')).toEqual(before);
        expect(side(' +')).toEqual(after);
        return true;
      }),
    );
  });
});
