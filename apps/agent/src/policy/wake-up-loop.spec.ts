import { readLine } from './wake-up-loop.js';

describe('a line of the wake-up stream', () => {
  it.each([
    ['data: {"withinSeconds":7}', 7],
    ['data:{"withinSeconds":0}', 0],
    ['event: policy', undefined],
    [': still here', undefined],
    ['', undefined],
    ['data: {"withinSeconds":-1}', undefined],
    ['data: {"withinSeconds":"soon"}', undefined],
    ['data: {', undefined],
  ])('%s says %s', (line, seconds) => expect(readLine(line)).toBe(seconds));
});
