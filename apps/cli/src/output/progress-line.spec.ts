import { captureTerminal } from '../../test/capture-terminal.js';
import { progressLine } from './progress-line.js';

describe('a line of progress', () => {
  function shownAt(interactive: boolean, moments: readonly [number, string, begins?: boolean][]): string[] {
    const shown: string[] = [];
    let now = 0;
    const note = (text: string): void => void shown.push(text);
    const show = progressLine({ ...captureTerminal(), interactive, progress: note, error: note }, () => now);
    for (const [at, text, begins] of moments) {
      now = at;
      show(text, begins);
    }
    return shown;
  }

  it('is rewritten at most ten times a second for people, and comes every five seconds in a log', () => {
    const moments = Array.from({ length: 1_001 }, (_, index): [number, string] => [index * 20, String(index * 20)]);
    expect(shownAt(true, moments)).toHaveLength(200);
    expect(shownAt(false, moments)).toEqual(['5000', '10000', '15000', '20000']);
  });

  it('says what begins and is silent for long, but not in the log of what is over soon', () => {
    expect(shownAt(true, [[100, 'sending'], [110, 'proving', true]])).toEqual(['sending', 'proving']); // prettier-ignore
    expect(shownAt(false, [[4_000, 'sending'], [4_100, 'proving', true]])).toEqual([]); // prettier-ignore
    expect(shownAt(false, [[5_000, 'sending'], [5_100, 'proving', true]])).toEqual(['sending', 'proving']); // prettier-ignore
  });
});
