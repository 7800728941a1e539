import { patternForPostgres } from './query-pattern.js';

describe('a pattern for Postgres', () => {
  it.each([
    ['', ''],
    ['^ThinkPad (X1|T[0-9]+)$', '^ThinkPad\\U00000020(?:X1|T[0-9]+)$'],
    ['a.b', 'a[^\\U0000000a]b'],
    ['[\\d.-]{2,3}?', '[0-9\\U0000002e\\U0000002d]{2,3}'],
    ['\\W', '[^0-9A-Z\\U0000005fa-z]'],
    ['(?:ä|\\.)*', '(?:\\U000000e4|\\U0000002e)*'],
    ['(?i)k9', '[kK\\U0000212a]9'],
    ['(?i)[^r-t]', '[^r-tR-T\\U0000017f]'],
  ])('%j is %j', (pattern, sql) => {
    expect(patternForPostgres(pattern)).toBe(sql);
  });

  it.each([
    ['a(b', /"\(" without its "\)", at its character 2;/],
    ['ab)', /"\)" that closes nothing, at its character 3/],
    ['*a', /a repetition of nothing, at its character 1/],
    ['***:a', /a repetition of nothing, at its character 1/],
    ['a**', /a repetition of a repetition, at its character 3/],
    ['ä^*', /a repetition of a place, at its character 2/],
    ['a{2', /begins no repetition: write \\\{, at its character 2/],
    ['a{3,2}', /a repetition that is none/],
    ['a{101}', /of more than 100, at its character 2/],
    ['a]', /write \\\]/],
    ['[]a]', /a set without characters: write \\\] for the bracket, at its character 1/],
    ['[[:alpha:]]', /a "\[" among other characters/],
    ['[a-', /a range without an end: write \\-, at its character 4/],
    ['[a', /a "\[" without its "\]", at its character 1/],
    ['[b-a]', /ends before it begins, at its character 2/],
    ['[\\d-z]', /a range from a set/],
    ['[+--]', /a range without an end/],
    ['[a-c-e]', /a "-" among others/],
    ['(a)\\1', /"\\1", at its character 4/],
    ['\\bweb', /"\\b", at its character 1/],
    ['\\p{L}', /"\\p"/],
    ['x(?i)a', /a "\(\?" other than "\(\?:", and "\(\?i\)" at the beginning, at its character 2/],
    ['(?=a)', /other than/],
    ['(?P<n>a)', /other than/],
    ['a\\', /a "\\" at the end/],
    ['\0', /a character that no fact has/],
    ['(?i)straße', /beyond ASCII behind \(\?i\).* at its character 9/],
    ['('.repeat(11) + ')'.repeat(11), /more than 10 groups in each other/],
    ['a'.repeat(251), /251 characters; 250 are allowed/],
    ['((a{1,100}){1,100}){1,100}', /with its repetitions written out; 500 are allowed/],
    ['(a{100}){6}', /of 607 characters with its repetitions written out/],
  ])('refuses %j, and says where', (pattern, words) => {
    expect(() => patternForPostgres(pattern)).toThrow(words);
  });
});
